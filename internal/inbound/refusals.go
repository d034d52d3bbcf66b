package inbound

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

const (
	// keptRefusals is how many refused deliveries of an address are kept.
	keptRefusals = 20
	// refusalEvery is how often one is written. A storm of them costs the database
	// no more than that, on each node.
	refusalEvery = time.Second
	// maxRefusals bounds the addresses that are remembered.
	maxRefusals = 4096
)

// refusals remembers when a refusal of an address was written last.
type refusals struct {
	mu   sync.Mutex // guards last
	last map[string]time.Time
}

func (r *refusals) due(scope string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.last[scope]) < refusalEvery {
		return false
	}
	if r.last == nil || len(r.last) >= maxRefusals {
		r.last = map[string]time.Time{}
	}
	r.last[scope] = now
	return true
}

// newWebhook is the line of a delivery in the inbox.
func newWebhook(r *Request, t *target, status sinew.InboundStatus, at time.Time) sinew.InboundWebhook {
	return sinew.InboundWebhook{
		EnvironmentID: t.environmentID(), EnvironmentIntegrationID: t.installationID(), AccountID: t.record.ID,
		Status: status, Method: r.Method, Size: len(r.Body), CreatedAt: at,
	}
}

// noteRefusal leaves a line in the inbox, for whoever wonders why nothing comes. That
// it cannot be written changes nothing for the sender.
func (s *Service) noteRefusal(ctx context.Context, r *Request, t *target, refusal *Refusal) {
	w := newWebhook(r, t, sinew.InboundRefused, s.store.Now())
	w.Code, w.Reason, w.Verified = refusal.Code, refusal.Reason, true
	s.metrics.RefuseInbound(refusal.Code)
	s.log.Debug("a delivery was refused", "integrated_account_id", w.AccountID, "environment_integration_id", w.EnvironmentIntegrationID, "code", refusal.Code)
	if !s.refusals.due(w.Scope(), time.Now()) {
		return
	}
	if err := s.store.RefuseInbound(ctx, w, keptRefusals); err != nil && !sinew.IsNotFound(err) && ctx.Err() == nil {
		s.log.Warn("a refused delivery could not be noted", "error", err.Error())
	}
}

func codeOf(err error) string {
	if known, ok := errors.AsType[*sinew.Error](err); ok {
		return known.Code
	}
	return ""
}
