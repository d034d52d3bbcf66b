package server

import (
	"log/slog"

	"github.com/sinewhq/sinew/internal/journal"
	"github.com/sinewhq/sinew/internal/obs"
)

// Journal is the writer of log records, for tests that wait for it.
func (s *Server) Journal() *journal.Writer { return s.journal }

// Log is the server's log.
func (s *Server) Log() *slog.Logger { return s.log }

// Metrics makes metrics of their own.
func (s *Server) Metrics() *obs.Metrics { return obs.NewMetrics("test") }
