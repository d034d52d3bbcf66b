package cli_test

import "sync"

// serverTable keeps the servers of the scripts, which run in parallel.
type serverTable struct {
	mu  sync.Mutex
	all map[string]*running
}

var servers = serverTable{all: map[string]*running{}}

func (s *serverTable) put(folder string, server *running) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[folder] = server
}

func (s *serverTable) take(folder string) *running {
	s.mu.Lock()
	defer s.mu.Unlock()
	server := s.all[folder]
	delete(s.all, folder)
	return server
}
