package journal

import (
	"context"

	"github.com/sinewhq/sinew"
)

// Service answers questions about log records.
type Service struct{ store Store }

// New returns a service.
func New(store Store) *Service { return &Service{store} }

// List returns one page of the records of the caller's environment, the newest
// first.
func (s *Service) List(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.LogEntry], error) {
	return s.store.Logs(ctx, p.EnvironmentID, q)
}
