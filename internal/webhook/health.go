package webhook

import (
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
)

// Why the platform has switched a webhook off.
const (
	reasonGone    = "The receiver answered 410 Gone"
	reasonFailing = "The receiver took nothing for five days"
)

// note changes a webhook by what came of tries, and reports whether it did.
func (s *Service) note(w *sinew.Webhook, results []sinew.DeliveryResult) (changed bool) {
	before := *w
	at := now()
	for _, r := range results {
		switch {
		case r.Attempt.Outcome == sinew.OutcomeDelivered:
			w.FailingSince, w.NoticedAt = time.Time{}, time.Time{}
		case r.Attempt.Status == http.StatusGone:
			switchOff(w, reasonGone, at)
		case w.FailingSince.IsZero():
			w.FailingSince = r.Attempt.CreatedAt.Truncate(time.Millisecond)
		}
	}
	if failing := w.FailingSince; w.IsActive && !failing.IsZero() {
		switch {
		case at.Sub(failing) >= sinew.WebhookGivenUpAfter:
			switchOff(w, reasonFailing, at)
		case at.Sub(failing) >= noticeAfter && w.NoticedAt.IsZero():
			w.NoticedAt = at
			s.log.Warn("a webhook has taken nothing for days", "webhook_id", w.ID, "environment_id", w.EnvironmentID, "failing_since", failing, "switched_off_at", failing.Add(sinew.WebhookGivenUpAfter))
		}
	}
	if before.IsActive && !w.IsActive {
		s.log.Warn("a webhook is switched off", "webhook_id", w.ID, "environment_id", w.EnvironmentID, "reason", w.InactiveReason)
	}
	return w.IsActive != before.IsActive || !w.FailingSince.Equal(before.FailingSince) || !w.NoticedAt.Equal(before.NoticedAt)
}

func switchOff(w *sinew.Webhook, reason string, at time.Time) {
	w.IsActive, w.InactiveReason, w.UpdatedAt = false, reason, at
}
