package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/delivery"
	"github.com/sinewhq/sinew/internal/retry"
	"github.com/sinewhq/sinew/internal/upstream"
)

const (
	// receiverWithin is how long a receiver may take, as long as with a webhook.
	receiverWithin = 15 * time.Second
	// late is how long after its time an event may be committed: so far back is looked
	// each time, past those that are known.
	late = time.Minute
	// firstPause and longestPause are between questions to a server that is away.
	firstPause   = 200 * time.Millisecond
	longestPause = 5 * time.Second
)

// listener delivers the events of an environment.
type listener struct {
	api      *eventAPI
	forward  string
	events   []string
	latest   int
	print    bool
	from     time.Time
	webhook  sinew.Webhook
	secrets  sinew.WebhookSecrets
	receiver *upstream.Direct
	out      io.Writer
	// complaints takes what is not a delivery.
	complaints io.Writer

	greeted bool
	known   map[string]time.Time // events that were delivered, by id, with their time
	asked   time.Time            // the server's time when it last answered
}

// run delivers until ctx ends, which is no error.
func (l *listener) run(ctx context.Context) error {
	failures := 0
	for ready := false; ; {
		var err error
		if ready {
			err = l.poll(ctx)
		} else if err = l.begin(ctx); err == nil {
			ready = true
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			failures = 0
			continue
		case foreign(err):
			return err
		}
		if failures++; failures == 1 {
			fmt.Fprintf(l.complaints, "the server is away: %v; trying again\n", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retry.Backoff(failures, firstPause, longestPause)):
		}
	}
}

// begin finds out where the events begin that are to be delivered.
func (l *listener) begin(ctx context.Context) error {
	page, err := l.api.latest(ctx, mostLatest)
	if err != nil {
		return err
	}
	if !l.greeted {
		l.greet()
		l.greeted = true
	}
	if !l.from.IsZero() {
		l.asked = l.from
		return nil
	}
	wanted := slices.DeleteFunc(slices.Clone(page.events), func(e sinew.Event) bool { return !l.wants(e) })
	for _, e := range wanted[max(0, len(wanted)-l.latest):] {
		if _, again := l.known[e.ID]; again {
			continue
		}
		if err := l.take(ctx, e); err != nil {
			return err
		}
	}
	for _, e := range page.events {
		l.known[e.ID] = e.CreatedAt
	}
	l.from, l.asked = page.at, page.at
	return nil
}

// poll delivers what has come since the last time, and what was late then.
func (l *listener) poll(ctx context.Context) error {
	from := l.asked.Add(-late)
	if from.Before(l.from) {
		from = l.from
	}
	known := l.recent(from)
	taken := 0
	for cursor := ""; ; {
		page, err := l.api.after(ctx, from, known, cursor)
		if err != nil {
			return err
		}
		for _, e := range page.events {
			if _, again := l.known[e.ID]; again {
				continue
			}
			taken++
			if err := l.take(ctx, e); err != nil {
				return err
			}
		}
		if cursor = page.next; cursor == "" {
			l.asked = page.at
			break
		}
	}
	if taken == 0 && len(known) == mostKnown {
		return pause(ctx, time.Second) // the server had nothing to wait for
	}
	return nil
}

// recent forgets events that will not be asked for any more, and returns the ids of the
// newest of the others.
func (l *listener) recent(from time.Time) []string {
	ids := make([]string, 0, len(l.known))
	for id, at := range l.known {
		if at.Before(from.Add(-time.Second)) {
			delete(l.known, id)
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(ids) // ids of version 7 are in the order of their time
	return ids[max(0, len(ids)-mostKnown):]
}

// take delivers an event, if it is one of those that were asked for.
func (l *listener) take(ctx context.Context, e sinew.Event) error {
	if !l.wants(e) {
		l.known[e.ID] = e.CreatedAt
		return nil
	}
	if l.forward != "" {
		if err := l.deliver(ctx, e); err != nil {
			return err
		}
	} else {
		_, body := delivery.Of(l.webhook, l.secrets, e, time.Now())
		if err := l.tell(e, "", body, true); err != nil {
			return err
		}
	}
	l.known[e.ID] = e.CreatedAt
	return nil
}

// wants reports whether an event is one of those that were asked for.
func (l *listener) wants(e sinew.Event) bool {
	return len(l.events) == 0 || slices.ContainsFunc(sinew.EventPatterns(e.Type), func(pattern string) bool { return slices.Contains(l.events, pattern) })
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
