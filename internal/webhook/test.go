package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
)

// CodeTestFailed says that a receiver has not taken a test.
const CodeTestFailed = "webhook_test_failed"

// Test sends an event to a webhook at once, active or not, and waits for what the
// receiver says. kind is the event that it is to look like, "" for EventTest.
// Upstream when it was not taken. It is a try like any other in the list of those.
func (s *Service) Test(ctx context.Context, p sinew.Principal, id string, kind sinew.EventType) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Webhook", id)
	}
	if kind == "" {
		kind = sinew.EventTest
	}
	if !eventPattern.MatchString(string(kind)) {
		return sinew.InvalidField("event_type", "format", "must be the name of an event, such as integrated_account:active")
	}
	w, secrets, err := s.store.WebhookSecrets(ctx, p.EnvironmentID, id)
	if err != nil {
		return err
	}
	random, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make the id of a test: %w", err)
	}
	began := time.Now()
	e := sinew.Event{ID: random.String(), EnvironmentID: w.EnvironmentID, Type: kind, Payload: `{"foo":"bar"}`, CreatedAt: began}
	a := s.send(ctx, w, secrets, e)
	attempt := newAttempt(w, e, a, began)
	attempt.DeliveryID = e.ID
	if err := s.store.WriteWebhookAttempt(context.WithoutCancel(ctx), attempt); err != nil {
		return err
	}
	switch {
	case a.taken():
		return nil
	case a.reason != "":
		return sinew.Errorf(sinew.KindUpstream, "The receiver has not taken the test: %s", a.reason).WithCode(CodeTestFailed)
	}
	return sinew.Errorf(sinew.KindUpstream, "The receiver has not taken the test: it answered %d", a.status).WithCode(CodeTestFailed)
}
