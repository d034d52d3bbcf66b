package simulator

import (
	"errors"
	"sync"
)

// maxMemory bounds what is remembered of signatures.
const maxMemory = 100_000

// memory holds what may be used once.
type memory struct {
	mu   sync.Mutex // guards used
	used map[string]int
}

func newMemory() *memory { return &memory{used: map[string]int{}} }

var errReplayed = errors.New("the request was sent before")

// once takes a text that was not taken before.
func (m *memory) once(text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used[text] > 0 {
		return errReplayed
	}
	if len(m.used) >= maxMemory {
		clear(m.used)
	}
	m.used[text] = 1
	return nil
}
