package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Server is a Simulator that listens.
type Server struct {
	// URL is where it listens, such as "http://127.0.0.1:9090".
	URL string

	http    *http.Server
	stopped chan struct{}
	err     error // set before stopped is closed
}

// Start listens on addr and serves until the context ends or Stop is called.
// When it returns without an error, requests are answered. A port of 0 takes a
// free one.
func (s *Simulator) Start(ctx context.Context, addr string) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("simulator: listen: %w", err)
	}
	server := &Server{
		URL:     "http://" + listener.Addr().String(),
		http:    &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second},
		stopped: make(chan struct{}),
	}
	forget := context.AfterFunc(ctx, func() { _ = server.http.Close() })
	go func() {
		defer close(server.stopped)
		defer forget()
		if err := server.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			server.err = fmt.Errorf("simulator: serve: %w", err)
		}
	}()
	return server, nil
}

// Stop lets running requests end, as long as the context allows, and waits for
// the server. It may be called again.
func (s *Server) Stop(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
	}
	return s.Wait()
}

// Wait returns when the server has stopped, with the reason if it was not
// asked to.
func (s *Server) Wait() error {
	<-s.stopped
	return s.err
}
