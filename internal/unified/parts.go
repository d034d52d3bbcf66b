package unified

import (
	"sync"
	"time"

	"github.com/sinewhq/sinew/internal/proxy"
)

// parts are the calls of the vendor that a unified call is made of.
type parts struct {
	mu   sync.Mutex
	made []proxy.Made
	out  bool
}

func (p *parts) add(m proxy.Made) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made = append(p.made, m)
}

func (p *parts) sent(sent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = p.out || sent
}

func (p *parts) wasSent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out
}

func (p *parts) list() []proxy.Made {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

// vendor is how long the vendor took in all.
func (p *parts) vendor() (all time.Duration) {
	for _, m := range p.list() {
		all += m.Vendor
	}
	return all
}
