package webhook

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/retry"
)

const (
	// batch is how many deliveries are read at once.
	batch = 256
	// inFlight is how many tries a receiver gets at the same time.
	inFlight = 32
	// writeEvery is how often what came of tries is written: a crash repeats the
	// tries since then.
	writeEvery = 100 * time.Millisecond
)

// Kind is how jobs deliver. Those of receivers that hang wait, and take nothing from
// the others but their place.
func (s *Service) Kind() jobs.Kind {
	return jobs.Kind{Work: s.Work, Parallel: parallel, Timeout: turn + time.Minute}
}

const (
	// parallel is how many webhooks a node delivers for at once.
	parallel = 256
	// parallelFailing is how many of them may be failing ones.
	parallelFailing = parallel / 2
	// failingPause is when a failing one looks again for a place.
	failingPause = 10 * time.Second
	// turn is how long a job delivers before the next one of its webhook takes over.
	turn = 4 * time.Minute
)

// Work delivers what one webhook is due to get, until there is nothing more.
func (s *Service) Work(ctx context.Context, j sinew.Job) error {
	id, err := webhookOf(j)
	if err != nil {
		return jobs.Cancel(err)
	}
	rounds := 0
	for end := time.Now().Add(turn); time.Now().Before(end) && !stopping(ctx); rounds++ {
		w, secrets, err := s.store.WebhookSecrets(ctx, j.EnvironmentID, id)
		if sinew.IsNotFound(err) || err == nil && !w.IsActive {
			return nil
		}
		if err != nil {
			return err
		}
		if !w.FailingSince.IsZero() && rounds > 0 {
			break // others are next
		}
		if more, err := s.round(ctx, j, w, secrets); err != nil || !more {
			return err
		}
	}
	return jobs.PutOff(time.Now())
}

// round delivers what is due, as much as a round takes; more is false when there was
// nothing.
func (s *Service) round(ctx context.Context, j sinew.Job, w sinew.Webhook, secrets sinew.WebhookSecrets) (more bool, err error) {
	most := batch
	if !w.FailingSince.IsZero() {
		leave, err := s.joinFailing()
		if err != nil {
			return false, err
		}
		defer leave()
		most = inFlight
	}
	due, err := s.store.DueDeliveries(ctx, w, most)
	if err != nil {
		return false, err
	}
	if len(due) > 0 {
		return true, s.deliver(ctx, j, w, secrets, due)
	}
	next, ok, err := s.store.NextDelivery(ctx, w.ID)
	if err != nil || !ok {
		return false, err
	}
	return false, jobs.PutOff(next)
}

// joinFailing takes one of the places that receivers which fail have on this node, and
// puts the job off when there is none: whoever hangs holds a place for seconds, and
// however many do, the other places are for those that answer.
func (s *Service) joinFailing() (leave func(), err error) {
	select {
	case s.failing <- struct{}{}:
		return func() { <-s.failing }, nil
	default:
		return nil, jobs.PutOff(time.Now().Add(retry.Jitter(failingPause)))
	}
}

// stopping reports whether the node of a job stops: what is left is another one's.
func stopping(ctx context.Context) bool {
	select {
	case <-jobs.Stopping(ctx):
		return true
	default:
		return false
	}
}

func webhookOf(j sinew.Job) (string, error) {
	args, err := jsonx.Parse([]byte(j.Args))
	if err != nil {
		return "", fmt.Errorf("read the arguments of job %s: %w", j.ID, err)
	}
	return args.Get("webhook_id").Str(), nil
}

// deliver tries a batch and writes what came of it.
func (s *Service) deliver(ctx context.Context, j sinew.Job, w sinew.Webhook, secrets sinew.WebhookSecrets, due []sinew.Delivery) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lines := queues(w, due)
	results := make(chan sinew.DeliveryResult, len(due))
	go func() {
		defer close(results)
		s.tryAll(ctx, w, secrets, lines, results)
	}()
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	var done []sinew.DeliveryResult
	write := func() error {
		if len(done) == 0 {
			return nil
		}
		written := done
		done = nil
		return s.store.FinishDeliveries(context.WithoutCancel(ctx), j, w.ID, written, func(w *sinew.Webhook) bool { return s.note(w, written) })
	}
	for {
		select {
		case r, more := <-results:
			if !more {
				return write()
			}
			done = append(done, r)
		case <-tick.C:
			if err := write(); err != nil {
				stop()
				for range results { // whoever tries has to be waited for
				}
				return err
			}
		}
	}
}

// queues puts deliveries into lines whose members follow each other: the events of
// one account for a webhook that wants them in order, otherwise each by itself.
func queues(w sinew.Webhook, due []sinew.Delivery) [][]sinew.Delivery {
	var lines [][]sinew.Delivery
	byAccount := map[string]int{}
	for _, d := range due {
		i, known := byAccount[d.Event.AccountID]
		if w.Ordered && d.Event.AccountID != "" && known {
			lines[i] = append(lines[i], d)
			continue
		}
		byAccount[d.Event.AccountID] = len(lines)
		lines = append(lines, []sinew.Delivery{d})
	}
	return lines
}

func (s *Service) tryAll(ctx context.Context, w sinew.Webhook, secrets sinew.WebhookSecrets, lines [][]sinew.Delivery, results chan<- sinew.DeliveryResult) {
	var work sync.WaitGroup
	defer work.Wait()
	room := make(chan struct{}, inFlight)
	for _, line := range lines {
		if stopping(ctx) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-jobs.Stopping(ctx):
			return
		case room <- struct{}{}:
		}
		work.Go(func() {
			defer func() { <-room }()
			for _, d := range line {
				r := s.try(ctx, w, secrets, d)
				if ctx.Err() != nil {
					return // broken off, not refused
				}
				results <- r
				if r.Attempt.Outcome == sinew.OutcomeRetrying || stopping(ctx) {
					return
				}
			}
		})
	}
}

// try makes one try.
func (s *Service) try(ctx context.Context, w sinew.Webhook, secrets sinew.WebhookSecrets, d sinew.Delivery) sinew.DeliveryResult {
	began := time.Now()
	a := s.send(ctx, w, secrets, d.Event)
	attempt := newAttempt(w, d.Event, a, began)
	attempt.DeliveryID, attempt.Number = d.ID, d.Attempt+1
	if next, again := nextTry(time.Now(), attempt.Number, a.wait); !a.taken() && !a.gone() && again {
		attempt.Outcome, attempt.NextAt = sinew.OutcomeRetrying, next
	}
	return sinew.DeliveryResult{Delivery: d, Attempt: attempt}
}

// newAttempt is a try that was the last one.
func newAttempt(w sinew.Webhook, e sinew.Event, a answer, began time.Time) sinew.WebhookAttempt {
	outcome := sinew.OutcomeFailed
	if a.taken() {
		outcome = sinew.OutcomeDelivered
	}
	return sinew.WebhookAttempt{
		WebhookID: w.ID, EnvironmentID: w.EnvironmentID, EventID: e.ID, EventType: e.Type, AccountID: e.AccountID, Number: 1,
		Outcome: outcome, Status: a.status, Error: a.reason, Answer: a.text, Took: a.took, CreatedAt: began,
	}
}
