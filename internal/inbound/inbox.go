package inbound

import (
	"context"

	"github.com/sinewhq/sinew"
)

// maxReplay bounds the deliveries of one replay.
const maxReplay = 10_000

// List returns one page of the inbox of an environment.
func (s *Service) List(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.InboundWebhook], error) {
	return s.store.InboundWebhooks(ctx, p.EnvironmentID, q)
}

// Get returns a delivery with what came, without secrets. NotFound when the
// environment has none of that id.
func (s *Service) Get(ctx context.Context, p sinew.Principal, id string) (sinew.InboundWebhook, error) {
	if !sinew.IsUUID(id) {
		return sinew.InboundWebhook{}, sinew.NotFound("Inbound webhook", id)
	}
	w, err := s.store.InboundWebhook(ctx, p.EnvironmentID, id)
	if err != nil || w.Request == nil {
		return w, err
	}
	return w, s.mask(ctx, &w)
}

// Replay processes deliveries once more and returns how many. NotFound for one that is
// not there, Conflict for one of which nothing was kept.
func (s *Service) Replay(ctx context.Context, p sinew.Principal, f sinew.InboundReplay) (int, error) {
	if f.ID != "" {
		if !sinew.IsUUID(f.ID) {
			return 0, sinew.NotFound("Inbound webhook", f.ID)
		}
		w, err := s.store.InboundWebhook(ctx, p.EnvironmentID, f.ID)
		if err != nil {
			return 0, err
		}
		if w.Request == nil {
			return 0, sinew.Errorf(sinew.KindConflict, "The delivery was refused, and its bytes are not kept").WithCode("inbound_not_kept")
		}
	}
	n, unrouted, err := s.store.ReplayInbound(ctx, p.EnvironmentID, f, maxReplay)
	if err != nil {
		return n, err
	}
	for _, id := range unrouted {
		routed, err := s.reroute(ctx, p, id)
		if err != nil && !sinew.IsNotFound(err) {
			return n, err
		}
		if routed {
			n++
		}
	}
	return n, nil
}

// reroute looks once more for the accounts of a delivery of an installation.
func (s *Service) reroute(ctx context.Context, p sinew.Principal, id string) (routed bool, err error) {
	w, err := s.store.InboundWebhook(ctx, p.EnvironmentID, id)
	if err != nil || w.Request == nil {
		return false, err
	}
	base, err := s.installationTarget(ctx, w.EnvironmentID, w.EnvironmentIntegrationID)
	if err != nil || base.hook.lookup.field == "" {
		return false, err
	}
	r := &Request{InboundRequest: *w.Request}
	values, err := base.hook.values(ctx, s, r)
	if err != nil || len(values) == 0 {
		return false, ctx.Err()
	}
	ids, err := s.store.AccountsByContext(ctx, base.installationID(), base.hook.lookup.field, values, maxValues)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	var arrivals []sinew.InboundArrival
	for _, id := range ids {
		arrival := sinew.InboundArrival{InboundWebhook: w}
		arrival.AccountID, arrival.Status, arrival.Code, arrival.Reason = id, sinew.InboundReceived, "", ""
		arrivals = append(arrivals, arrival)
	}
	err = s.store.RouteInbound(ctx, w, arrivals)
	return err == nil, err
}
