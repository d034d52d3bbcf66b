package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/upstream"
)

// Store keeps webhooks, and what they have yet to get; see the store's methods of
// these names.
type Store interface {
	CreateWebhook(ctx context.Context, w *sinew.Webhook, secrets sinew.WebhookSecrets) error
	Webhook(ctx context.Context, environmentID, id string) (sinew.Webhook, error)
	Webhooks(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Webhook], error)
	UpdateWebhook(ctx context.Context, environmentID, id string, update func(*sinew.Webhook) error) (sinew.Webhook, error)
	DeleteWebhook(ctx context.Context, environmentID, id string) error
	WebhookSecrets(ctx context.Context, environmentID, id string) (sinew.Webhook, sinew.WebhookSecrets, error)
	UpdateWebhookSecrets(ctx context.Context, environmentID, id string, at time.Time, update func(sinew.WebhookSecrets) (sinew.WebhookSecrets, error)) (sinew.Webhook, error)
	WebhookAttempts(ctx context.Context, environmentID, webhookID string, q sinew.ListQuery) (sinew.Page[sinew.WebhookAttempt], error)
	WriteWebhookAttempt(ctx context.Context, a sinew.WebhookAttempt) error
	ReplayEvents(ctx context.Context, environmentID, webhookID string, f sinew.ReplayFilter) (replayed int, err error)

	ListEvents(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Event], error)

	DueDeliveries(ctx context.Context, w sinew.Webhook, limit int) ([]sinew.Delivery, error)
	NextDelivery(ctx context.Context, webhookID string) (at time.Time, ok bool, err error)
	FinishDeliveries(ctx context.Context, j sinew.Job, webhookID string, results []sinew.DeliveryResult, health func(*sinew.Webhook) (changed bool)) error
}

// Sender sends requests, as *upstream.Client does.
type Sender interface {
	Check(url string) error
	Do(ctx context.Context, r *upstream.Request) (*upstream.Response, error)
}

// Service is the webhooks of all environments. It is safe for concurrent use.
type Service struct {
	store  Store
	sender Sender
	log    *slog.Logger
	// stopped is closed when the service is to let go of whoever waits for events.
	stopped chan struct{}
	stop    func()
	// failing are the places of receivers that fail.
	failing chan struct{}
}

// New returns a service.
func New(store Store, sender Sender, log *slog.Logger) *Service {
	stopped := make(chan struct{})
	return &Service{
		store: store, sender: sender, log: log, failing: make(chan struct{}, parallelFailing), stopped: stopped, stop: sync.OnceFunc(func() { close(stopped) }),
	}
}

// now is the time of a change, in the precision that is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Change is what a webhook is made of; nil leaves a field as it is.
type Change struct {
	TargetURL         *string
	IsActive          *bool
	EventTypes        *[]string
	SignatureEncoding *sinew.SignatureEncoding
	Ordered           *bool
}

// Create makes a webhook and returns it with its secret, which is shown this once: a
// random UUID, as the wire wants it.
func (s *Service) Create(ctx context.Context, p sinew.Principal, c Change) (w sinew.Webhook, secret string, err error) {
	at := now()
	w = sinew.Webhook{EnvironmentID: p.EnvironmentID, IsActive: true, SignatureEncoding: sinew.SignatureBase64, CreatedAt: at, UpdatedAt: at}
	if err := s.check(c); err != nil {
		return w, "", err
	}
	c.apply(&w, at)
	if secret, err = newSecret(); err != nil {
		return w, "", err
	}
	return w, secret, s.store.CreateWebhook(ctx, &w, sinew.WebhookSecrets{Current: secret})
}

func newSecret() (string, error) {
	random, err := uuid.NewRandom()
	if err != nil {
		return "", fmt.Errorf("make the secret of a webhook: %w", err)
	}
	return random.String(), nil
}

// Get returns a webhook. NotFound when the environment has none of that id.
func (s *Service) Get(ctx context.Context, p sinew.Principal, id string) (sinew.Webhook, error) {
	if !sinew.IsUUID(id) {
		return sinew.Webhook{}, sinew.NotFound("Webhook", id)
	}
	return s.store.Webhook(ctx, p.EnvironmentID, id)
}

// List returns one page of an environment's webhooks.
func (s *Service) List(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.Webhook], error) {
	return s.store.Webhooks(ctx, p.EnvironmentID, q)
}

// Update changes a webhook. One that is switched off forgets what it has yet to
// get; replay brings it back.
func (s *Service) Update(ctx context.Context, p sinew.Principal, id string, c Change) (sinew.Webhook, error) {
	if !sinew.IsUUID(id) {
		return sinew.Webhook{}, sinew.NotFound("Webhook", id)
	}
	if err := s.check(c); err != nil {
		return sinew.Webhook{}, err
	}
	return s.store.UpdateWebhook(ctx, p.EnvironmentID, id, func(w *sinew.Webhook) error {
		c.apply(w, now())
		return nil
	})
}

// Delete removes a webhook.
func (s *Service) Delete(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Webhook", id)
	}
	return s.store.DeleteWebhook(ctx, p.EnvironmentID, id)
}

// Bounds of an overlap of secrets.
const (
	UsualOverlap   = 24 * time.Hour
	LongestOverlap = 30 * 24 * time.Hour
)

// Rotate gives a webhook another secret and returns it. The one before counts for
// the overlap; with none, it counts no more.
func (s *Service) Rotate(ctx context.Context, p sinew.Principal, id string, overlap time.Duration) (w sinew.Webhook, secret string, err error) {
	if !sinew.IsUUID(id) {
		return w, "", sinew.NotFound("Webhook", id)
	}
	if secret, err = newSecret(); err != nil {
		return w, "", err
	}
	at := now()
	w, err = s.store.UpdateWebhookSecrets(ctx, p.EnvironmentID, id, at, func(old sinew.WebhookSecrets) (sinew.WebhookSecrets, error) {
		if overlap <= 0 {
			return sinew.WebhookSecrets{Current: secret}, nil
		}
		return sinew.WebhookSecrets{Current: secret, Previous: old.Current, PreviousUntil: at.Add(overlap)}, nil
	})
	return w, secret, err
}

// Attempts returns one page of the tries of a webhook, the newest first.
func (s *Service) Attempts(ctx context.Context, p sinew.Principal, id string, q sinew.ListQuery) (sinew.Page[sinew.WebhookAttempt], error) {
	if _, err := s.Get(ctx, p, id); err != nil {
		return sinew.Page[sinew.WebhookAttempt]{}, err
	}
	return s.store.WebhookAttempts(ctx, p.EnvironmentID, id, q)
}

// Replay hands events to a webhook once more and returns how many. Events that it
// has yet to get already are left alone.
func (s *Service) Replay(ctx context.Context, p sinew.Principal, id string, f sinew.ReplayFilter) (int, error) {
	w, err := s.Get(ctx, p, id)
	if err != nil {
		return 0, err
	}
	if err := checkTypes(f.EventTypes); err != nil {
		return 0, err
	}
	if f.EventID == "" && len(f.EventTypes) == 0 {
		f.EventTypes = w.EventTypes
	}
	n, err := s.store.ReplayEvents(ctx, p.EnvironmentID, id, f)
	if err == nil && n == 0 && f.EventID != "" {
		return 0, sinew.NotFound("Event", f.EventID)
	}
	return n, err
}

// check says what of a change cannot be. Where the name of a receiver leads is found
// out when it is called.
func (s *Service) check(c Change) error {
	if c.TargetURL != nil {
		if err := s.sender.Check(*c.TargetURL); err != nil {
			return sinew.InvalidField("target_url", "url", "cannot be called: %s", reasonOf(err)).WithCause(err)
		}
	}
	if c.EventTypes != nil {
		return checkTypes(*c.EventTypes)
	}
	return nil
}

func (c Change) apply(w *sinew.Webhook, at time.Time) {
	w.UpdatedAt = at
	if c.TargetURL != nil {
		w.TargetURL = *c.TargetURL
	}
	if c.EventTypes != nil {
		w.EventTypes = slices.Clone(*c.EventTypes)
	}
	if c.SignatureEncoding != nil {
		w.SignatureEncoding = *c.SignatureEncoding
	}
	if c.Ordered != nil {
		w.Ordered = *c.Ordered
	}
	if c.IsActive != nil && *c.IsActive != w.IsActive {
		w.IsActive = *c.IsActive
		w.FailingSince, w.NoticedAt, w.InactiveReason = time.Time{}, time.Time{}, ""
	}
}

// maxTypes bounds the subscriptions of one webhook.
const maxTypes = 100

var eventPattern = regexp.MustCompile(`^(\*|[a-z_]{1,60}:(\*|[a-z_]{1,60})|test)$`)

// checkTypes lets through names of events, "group:*" and "*".
func checkTypes(types []string) error {
	if len(types) > maxTypes {
		return sinew.InvalidField("event_types", "max", "has %d entries; %d are the most", len(types), maxTypes)
	}
	for i, name := range types {
		if !eventPattern.MatchString(name) {
			return sinew.InvalidField(fmt.Sprintf("event_types.%d", i), "format", "must be the name of an event, such as integrated_account:active, or integrated_account:*, or *")
		}
	}
	return nil
}
