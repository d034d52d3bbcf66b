package inbound

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/retry"
	"github.com/sinewhq/sinew/internal/unified"
)

const (
	// patience is how often a delivery is processed at least for a record that the
	// vendor does not give because it is away, and patientFor for how long from when it
	// came: then the event goes out without it. Those behind it wait meanwhile.
	patience   = 5
	patientFor = 5 * time.Minute
	// firstPause and longestPause are between two tries, unless the vendor asks to be
	// left alone for longer.
	firstPause   = time.Second
	longestPause = 30 * time.Second
)

// try says how often, and since when, it has been tried to process a delivery.
type try struct {
	number int // of the job, 1 for the first
	since  time.Time
}

// patient reports whether it is worth waiting for a vendor that is away.
func (s *Service) patient(t try) bool {
	return t.number < patience || s.store.Now().Sub(t.since) < patientFor
}

// later puts a job off until its vendor may be back.
func later(p *passing, number int) error {
	return jobs.Retry(max(retry.Backoff(number, firstPause, longestPause), proxy.AskedFor(p.cause)), p)
}

// passing is an error of a vendor that may be over another time.
type passing struct{ cause error }

func (p *passing) Error() string { return p.cause.Error() }
func (p *passing) Unwrap() error { return p.cause }

// unify lets the unified models of the environment make their events of those of a
// delivery, each with the record as it is now (spec 03 section 8.3). What no model
// maps stays as the vendor says it.
func (s *Service) unify(ctx context.Context, t *target, in shaped, events []recordEvent, deliveryID string, tried try) ([]recordEvent, error) {
	var all []recordEvent
	for _, e := range events {
		input := jsonx.NewBuilder(9).Set("body", in.body).Set("headers", in.headers).Set("query", in.query).Set("context", t.context).
			Set("event_type", jsonx.StringValue(e.name)).Set("resource_type", jsonx.StringValue(e.resource)).Set("resource_id", jsonx.StringValue(e.id)).
			Set("raw", e.raw).Value()
		mapped, err := s.unified.Events(ctx, t.environmentID(), t.record.IntegrationName, input)
		if err != nil {
			return nil, err
		}
		if len(mapped) == 0 {
			all = append(all, e)
			continue
		}
		for _, m := range mapped {
			one, err := s.enriched(ctx, t, e, m, deliveryID, tried)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// enriched is the event of a unified model with its record.
func (s *Service) enriched(ctx context.Context, t *target, from recordEvent, m unified.Event, deliveryID string, tried try) (recordEvent, error) {
	e := recordEvent{name: m.Name, resource: m.Resource, id: m.ID, raw: from.raw, kind: kindOf(m.Name, true)}
	if e.name == "" {
		e.name, e.kind = from.name, from.kind
	}
	switch {
	case m.Snapshot.Exists():
		e.records = []jsonx.Value{m.Snapshot}
		return e, nil
	case e.kind == sinew.EventRecordDeleted, e.kind == sinew.EventRecordMeta:
		return e, nil
	case e.id == "":
		e.lacks = "the vendor does not say which record it is"
		return e, nil
	}
	model, resource, _ := strings.Cut(m.Resource, "/")
	got, err := s.unified.Read(ctx, unified.Call{
		Principal: actor(t.environmentID()), RequestID: deliveryID, AccountID: t.record.ID, Model: model, Resource: resource, Method: proxy.MethodGet, ID: e.id,
		Query: jsonx.ObjectValue(),
	})
	switch {
	case err == nil:
		e.records = []jsonx.Value{got.Value}
	case ctx.Err() != nil, sinew.KindOf(err) == sinew.KindInternal && !isRemote(err):
		return e, err
	case s.patient(tried) && (proxy.IsLimited(err) || proxy.IsAway(err)):
		return e, &passing{fmt.Errorf("get %s %s: %w", m.Resource, m.ID, err)}
	default:
		e.lacks = publicText(err)
	}
	return e, nil
}

// publicText is what may be said of an error outside.
func publicText(err error) string {
	if known, ok := errors.AsType[*sinew.Error](err); ok {
		return known.Message
	}
	return err.Error() // the vendor's, without secrets
}

func isRemote(err error) bool {
	_, ok := errors.AsType[*proxy.RemoteError](err)
	return ok
}
