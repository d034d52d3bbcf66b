package server_test

import (
	"slices"
	"sync"
)

// logText is a server's log, which its goroutines write while a test reads it. The
// zero value is empty.
type logText struct {
	mu   sync.Mutex
	text []byte
}

func (l *logText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	return len(b), nil
}

func (l *logText) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.text)
}

func (l *logText) String() string { return string(l.Bytes()) }
