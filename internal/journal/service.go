package journal

import (
	"context"

	"github.com/sinewhq/sinew"
)

// Service answers questions about log records.
type Service struct{ store Store }

// New returns a service.
func New(store Store) *Service { return &Service{store} }

// List returns one page of the records of a type of the caller's environment, the newest
// first. Those of webhooks are the tries to deliver events, for as long as these are
// kept.
func (s *Service) List(ctx context.Context, p sinew.Principal, t sinew.LogType, q sinew.ListQuery) (sinew.Page[sinew.LogEntry], error) {
	if t == sinew.LogWebhook {
		return s.deliveries(ctx, p, q)
	}
	return s.store.Logs(ctx, p.EnvironmentID, q)
}
