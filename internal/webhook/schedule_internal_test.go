package webhook

import (
	"log/slog"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
)

// TestSchedule is W2: a receiver has more than 72 hours, whatever chance takes away,
// and as long as it asks for. Receivers that failed together are not tried together.
func TestSchedule(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for range 1000 {
		var total time.Duration
		for tries := 1; ; tries++ {
			at, ok := nextTry(now, tries, 0)
			if !ok {
				if tries != len(pauses())+1 {
					t.Fatalf("it ends after %d tries", tries)
				}
				break
			}
			pause, full := at.Sub(now), pauses()[tries-1]
			if pause > full || pause < full*9/10 {
				t.Fatalf("after %d tries comes a pause of %s, not %s", tries, pause, full)
			}
			total += pause
		}
		if total < 72*time.Hour {
			t.Fatalf("it ends after %s", total)
		}
	}
	moments := map[time.Time]bool{}
	for range 100 {
		at, _ := nextTry(now, 6, 0)
		moments[at] = true
	}
	if len(moments) < 90 {
		t.Errorf("100 receivers come back at %d moments", len(moments))
	}
	if at, ok := nextTry(now, 1, 3*time.Hour); !ok || at.Sub(now) != 3*time.Hour {
		t.Errorf("a receiver that asks for three hours gets %s", at.Sub(now))
	}
}

// TestHealth is W7: when a receiver is spoken about, and when it is switched off.
func TestHealth(t *testing.T) {
	t.Parallel()
	s := New(nil, nil, slog.New(slog.DiscardHandler))
	tried := func(outcome sinew.DeliveryOutcome, status int) []sinew.DeliveryResult {
		return []sinew.DeliveryResult{{Attempt: sinew.WebhookAttempt{Outcome: outcome, Status: status, CreatedAt: time.Now()}}}
	}
	for name, c := range map[string]struct {
		failing          time.Duration // since when, 0 for not
		noticed          bool
		results          []sinew.DeliveryResult
		changed, active  bool
		isFailing, noted bool
	}{
		"a success of a healthy one": {0, false, tried(sinew.OutcomeDelivered, 200), false, true, false, false},
		"the first failure":          {0, false, tried(sinew.OutcomeRetrying, 500), true, true, true, false},
		"another one":                {time.Hour, false, tried(sinew.OutcomeRetrying, 500), false, true, true, false},
		"back again":                 {4 * 24 * time.Hour, true, tried(sinew.OutcomeDelivered, 204), true, true, false, false},
		"on the third day":           {3*24*time.Hour + time.Minute, false, tried(sinew.OutcomeRetrying, 0), true, true, true, true},
		"and only once":              {4 * 24 * time.Hour, true, tried(sinew.OutcomeRetrying, 0), false, true, true, true},
		"on the fifth day":           {5*24*time.Hour + time.Minute, true, tried(sinew.OutcomeRetrying, 0), true, false, true, true},
		"gone":                       {0, false, tried(sinew.OutcomeFailed, 410), true, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sinew.Webhook{ID: "w", IsActive: true}
			if c.failing > 0 {
				w.FailingSince = time.Now().Add(-c.failing)
			}
			if c.noticed {
				w.NoticedAt = time.Now().Add(-time.Hour)
			}
			changed := s.note(&w, c.results)
			if changed != c.changed || w.IsActive != c.active || w.FailingSince.IsZero() == c.isFailing || w.NoticedAt.IsZero() == c.noted || w.IsActive == (w.InactiveReason != "") {
				t.Errorf("changed %v: %+v", changed, w)
			}
		})
	}
}
