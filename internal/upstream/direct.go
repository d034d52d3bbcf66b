package upstream

import (
	"net/http"
	"time"
)

// Direct calls whatever it is told to, without a guard: it is for commands on
// somebody's own machine. Servers have no use for it. It follows no redirects.
type Direct struct{ client http.Client }

// NewDirect returns a client whose calls end within a time.
func NewDirect(within time.Duration) *Direct {
	return &Direct{http.Client{
		Transport: http.DefaultTransport.(*http.Transport).Clone(), Timeout: within,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do makes one call.
func (d *Direct) Do(r *http.Request) (*http.Response, error) { return d.client.Do(r) }
