package inbound

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
)

const (
	// parallel is how many accounts' deliveries a node processes at once.
	parallel = 16
	// batch is how many deliveries are read at once: their bytes are in memory then.
	batch = 8
	// turn is how long a job goes on before the next one of its account takes over.
	turn = 2 * time.Minute
)

// Kind is how jobs process.
func (s *Service) Kind() jobs.Kind {
	return jobs.Kind{Work: s.Work, Parallel: parallel, Timeout: turn + time.Minute}
}

// Work makes events of the deliveries of one account, in the order in which they came,
// until there are no more.
func (s *Service) Work(ctx context.Context, j sinew.Job) error {
	args, err := jsonx.Parse([]byte(j.Args))
	if err != nil {
		return jobs.Cancel(fmt.Errorf("read the arguments of job %s: %w", j.ID, err))
	}
	id := args.Get("integrated_account_id").Str()
	for end := time.Now().Add(turn); time.Now().Before(end); {
		waiting, err := s.store.WaitingInbound(ctx, id, batch)
		if err != nil || len(waiting) == 0 {
			return err
		}
		for _, w := range waiting {
			o, err := s.process(ctx, w, j.Attempt)
			if away, ok := errors.AsType[*passing](err); ok {
				return later(away, j.Attempt)
			}
			if err != nil {
				return fmt.Errorf("process delivery %s: %w", w.ID, err)
			}
			if err := s.store.FinishInbound(ctx, j, w, o); err != nil {
				return err
			}
			s.metrics.CountInbound(string(o.Status), 1)
		}
	}
	return jobs.PutOff(s.store.Now())
}

// failed is the outcome of a delivery that the definition cannot read. It would not
// read it another time either; when somebody has mended it, there is replay.
func failed(err error) sinew.InboundOutcome {
	o := sinew.InboundOutcome{Status: sinew.InboundFailed, Code: "invalid_definition", Reason: err.Error()}
	if known, ok := errors.AsType[*sinew.Error](err); ok {
		o.Reason = known.Message
		if known.Code != "" {
			o.Code = known.Code
		}
	}
	return o
}

// process says what becomes of a delivery. The error is one of ours, after which it is
// tried again.
func (s *Service) process(ctx context.Context, w sinew.InboundWebhook, number int) (sinew.InboundOutcome, error) {
	if w.Request == nil {
		return sinew.InboundOutcome{Status: sinew.InboundFailed, Code: "damaged", Reason: "what was stored cannot be read"}, nil
	}
	t, err := s.accountTarget(ctx, w.EnvironmentID, w.AccountID)
	if codeOf(err) == "webhook_not_configured" {
		return failed(err), nil
	}
	if err != nil {
		return sinew.InboundOutcome{}, err
	}
	if t.hook.broken != nil {
		return failed(t.hook.broken), nil
	}
	o, err := s.run(ctx, t, w, try{number, w.CreatedAt})
	if err == nil || ctx.Err() != nil || sinew.KindOf(err) == sinew.KindInternal {
		return o, err
	}
	if passing, ok := errors.AsType[*passing](err); ok {
		return o, passing // the vendor may answer another time
	}
	return failed(err), nil
}

// run evaluates the definition on a delivery. Errors of KindInternal are ours.
func (s *Service) run(ctx context.Context, t *target, w sinew.InboundWebhook, tried try) (sinew.InboundOutcome, error) {
	r := &Request{InboundRequest: *w.Request}
	more := t.more()
	in, list, err := t.hook.shape(ctx, r.shaped(), more)
	if err != nil {
		return sinew.InboundOutcome{}, err
	}
	v, err := t.hook.judge(ctx, in, more)
	if err != nil {
		return sinew.InboundOutcome{}, err
	}
	o := sinew.InboundOutcome{Status: sinew.InboundProcessed}
	if v.patch.Len() > 0 {
		if o.Code, o.Reason, err = s.update(ctx, t, v.patch, w.Verified); err != nil {
			return o, err
		}
	}
	if v.kind == verdictVerify {
		return o, nil // it was answered when it came, or would be today
	}
	events, err := s.unify(ctx, t, in, eventsOf(in, list, v), w.ID, tried)
	if err != nil {
		return o, err
	}
	o.Events, err = s.events(t, w, events)
	return o, err
}

// update merges what a delivery says into the context, unless it is there already.
// What nobody has signed changes nothing.
func (s *Service) update(ctx context.Context, t *target, patch jsonx.Value, signed bool) (code, reason string, err error) {
	if !signed {
		return "update_unsigned", "update_context was left out: no signature was checked", nil
	}
	news := jsonx.NewBuilder(patch.Len())
	for name, value := range patch.Members() {
		have := t.root.Get("context").Get(name)
		if !jsonx.Equal(have, value) && (have.Exists() || !value.IsNull()) {
			news.Set(name, value)
		}
	}
	if patch = news.Value(); patch.Len() == 0 {
		return "", "", nil
	}
	return "", "", s.accounts.Remember(ctx, actor(t.environmentID()), t.record.ID, patch, sinew.EventAccountUpdated)
}

func (s *Service) events(t *target, w sinew.InboundWebhook, list []recordEvent) ([]sinew.Event, error) {
	if len(list) > maxEvents {
		return nil, sinew.Errorf(sinew.KindUnprocessable, "the delivery has become %d events; %d are the most", len(list), maxEvents).WithCode("too_many_events")
	}
	now := s.store.Now()
	events := make([]sinew.Event, len(list))
	size := 0
	for i, one := range list {
		events[i] = sinew.Event{EnvironmentID: t.environmentID(), Type: one.kind, AccountID: t.record.ID, Payload: one.payload(t, w.ID), CreatedAt: now}
		if size += len(events[i].Payload); size > maxPayloads {
			return nil, sinew.Errorf(sinew.KindUnprocessable, "the events of the delivery are larger than %d MiB together", maxPayloads>>20).WithCode("events_too_large")
		}
	}
	return events, nil
}
