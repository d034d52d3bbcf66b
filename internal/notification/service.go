package notification

import (
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jobs"
	letters "github.com/sinewhq/sinew/internal/mail"
	"github.com/sinewhq/sinew/internal/upstream"
	"github.com/sinewhq/sinew/internal/view"
)

// Store keeps destinations; see the store's methods of these names.
type Store interface {
	CreateNotificationDestination(ctx context.Context, d *sinew.NotificationDestination) error
	NotificationDestination(ctx context.Context, environmentID, id string) (sinew.NotificationDestination, error)
	NotificationDestinations(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.NotificationDestination], error)
	UpdateNotificationDestination(ctx context.Context, environmentID, id string, update func(*sinew.NotificationDestination) error) (sinew.NotificationDestination, error)
	DeleteNotificationDestination(ctx context.Context, environmentID, id string) error
	NoteNotification(ctx context.Context, id, failure string) error
	NotifyOnce(ctx context.Context, n sinew.Notice, thing string, within time.Duration, events ...sinew.Event) error
	FailedCalls(ctx context.Context, environmentID string, since, until time.Time, ignored []string) (sinew.FailedSummary, error)
	FinishSummary(ctx context.Context, j sinew.Job, destinationID string, until time.Time, n *sinew.Notice) error
	Now() time.Time
}

// Sender sends requests, as *upstream.Client does.
type Sender interface {
	Check(url string) error
	Do(ctx context.Context, r *upstream.Request) (*upstream.Response, error)
}

// Mailer sends messages, as *mail.Client does.
type Mailer interface {
	Send(ctx context.Context, m letters.Message) error
}

// Config is what a Service is made of.
type Config struct {
	Store  Store
	Sender Sender
	// Mailer is nil where the settings name no mail server.
	Mailer Mailer
	Log    *slog.Logger
	// PublicURL is where the API is, for the texts.
	PublicURL string
}

// Service is the notification destinations of all environments. It is safe for
// concurrent use.
type Service struct {
	store    Store
	sender   Sender
	mailer   Mailer
	log      *slog.Logger
	url      string
	exceeded exceeded
}

// New returns a service.
func New(c Config) *Service {
	return &Service{store: c.Store, sender: c.Sender, mailer: c.Mailer, log: c.Log, url: strings.TrimRight(c.PublicURL, "/"), exceeded: newExceeded()}
}

// Kinds are the jobs of the service.
func (s *Service) Kinds() map[string]jobs.Kind {
	return map[string]jobs.Kind{
		sinew.JobSendNotification: {Work: s.Send, Parallel: parallel, Timeout: time.Minute},
		sinew.JobSummarizeErrors:  {Work: s.Summarize, Parallel: parallel, Timeout: time.Minute},
	}
}

// parallel is how many notices a node sends at once.
const parallel = 8

// now is the time of a change, in the precision that is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Change is what a destination is made of; nil leaves a field as it is.
type Change struct {
	Label      *string
	IsActive   *bool
	EventTypes *[]sinew.NoticeType
	Config     ConfigChange
}

// ConfigChange is the config of a destination; nil leaves a member as it is.
type ConfigChange struct {
	WebhookURL         *string
	To, Cc, Bcc        *[]string
	SubjectPrefix      *string
	IgnoredStatusCodes *[]int64
}

// Create makes a destination.
func (s *Service) Create(ctx context.Context, p sinew.Principal, kind sinew.DestinationType, c Change) (sinew.NotificationDestination, error) {
	d, err := s.newDestination(p, kind, c)
	if err != nil {
		return d, err
	}
	return d, s.store.CreateNotificationDestination(ctx, &d)
}

func (s *Service) newDestination(p sinew.Principal, kind sinew.DestinationType, c Change) (sinew.NotificationDestination, error) {
	at := now()
	d := sinew.NotificationDestination{EnvironmentID: p.EnvironmentID, Type: kind, IsActive: true, CreatedAt: at, UpdatedAt: at}
	d.Config.SubjectPrefix = usualPrefix
	c.apply(&d, at)
	return d, s.check(d)
}

// Get returns a destination. NotFound when the environment has none of that id.
func (s *Service) Get(ctx context.Context, p sinew.Principal, id string) (sinew.NotificationDestination, error) {
	if !sinew.IsUUID(id) {
		return sinew.NotificationDestination{}, sinew.NotFound("Notification destination", id)
	}
	return s.store.NotificationDestination(ctx, p.EnvironmentID, id)
}

// List returns one page of an environment's destinations.
func (s *Service) List(ctx context.Context, p sinew.Principal, q sinew.ListQuery) (sinew.Page[sinew.NotificationDestination], error) {
	return s.store.NotificationDestinations(ctx, p.EnvironmentID, q)
}

// Update changes a destination.
func (s *Service) Update(ctx context.Context, p sinew.Principal, id string, c Change) (sinew.NotificationDestination, error) {
	if !sinew.IsUUID(id) {
		return sinew.NotificationDestination{}, sinew.NotFound("Notification destination", id)
	}
	return s.store.UpdateNotificationDestination(ctx, p.EnvironmentID, id, func(d *sinew.NotificationDestination) error {
		c.apply(d, now())
		return s.check(*d)
	})
}

// Delete removes a destination, and what is on its way there.
func (s *Service) Delete(ctx context.Context, p sinew.Principal, id string) error {
	if !sinew.IsUUID(id) {
		return sinew.NotFound("Notification destination", id)
	}
	return s.store.DeleteNotificationDestination(ctx, p.EnvironmentID, id)
}

func (c Change) apply(d *sinew.NotificationDestination, at time.Time) {
	d.UpdatedAt = at
	set(&d.Label, c.Label)
	set(&d.IsActive, c.IsActive)
	if c.EventTypes != nil {
		d.EventTypes = slices.Clone(*c.EventTypes)
	}
	if c.Config.WebhookURL != nil && *c.Config.WebhookURL != view.MaskedURL(d.Config.WebhookURL) {
		d.Config.WebhookURL = *c.Config.WebhookURL
	}
	set(&d.Config.To, c.Config.To)
	set(&d.Config.Cc, c.Config.Cc)
	set(&d.Config.Bcc, c.Config.Bcc)
	set(&d.Config.SubjectPrefix, c.Config.SubjectPrefix)
	set(&d.Config.IgnoredStatusCodes, c.Config.IgnoredStatusCodes)
}

func set[T any](field, given *T) {
	if given != nil {
		*field = *given
	}
}

// usualPrefix begins the subjects of e-mails.
const usualPrefix = "[Sinew]"

// maxRecipients bounds the addresses of one destination.
const maxRecipients = 50

// check says what of a destination cannot be.
func (s *Service) check(d sinew.NotificationDestination) error {
	for i, code := range d.Config.IgnoredStatusCodes {
		if code < 100 || code > 599 {
			return sinew.InvalidField(fmt.Sprintf("config.ignored_status_codes.%d", i), "range", "must be an HTTP status, from 100 to 599")
		}
	}
	if d.Type == sinew.DestinationSlack {
		return s.checkSlack(d.Config)
	}
	return s.checkEmail(d.Config)
}

func (s *Service) checkSlack(c sinew.DestinationConfig) error {
	if len(c.To)+len(c.Cc)+len(c.Bcc) > 0 {
		return sinew.InvalidField("config.to", "unknown_field", "is a field of e-mail destinations")
	}
	if c.WebhookURL == "" {
		return sinew.InvalidField("config.webhook_url", "required", "is required")
	}
	if err := s.sender.Check(c.WebhookURL); err != nil {
		return sinew.InvalidField("config.webhook_url", "url", "cannot be called: %s", reasonOf(err)).WithCause(err)
	}
	return nil
}

func (s *Service) checkEmail(c sinew.DestinationConfig) error {
	switch {
	case s.mailer == nil:
		return sinew.InvalidField("type", "unavailable", "this server sends no e-mail: its settings name no mail server (smtp-host)")
	case c.WebhookURL != "":
		return sinew.InvalidField("config.webhook_url", "unknown_field", "is a field of Slack destinations")
	case len(c.To) == 0:
		return sinew.InvalidField("config.to", "required", "is required")
	case len(c.To)+len(c.Cc)+len(c.Bcc) > maxRecipients:
		return sinew.InvalidField("config.to", "max", "has, with cc and bcc, more than %d addresses", maxRecipients)
	case strings.ContainsFunc(c.SubjectPrefix, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return sinew.InvalidField("config.subject_prefix", "format", "must be one line of text")
	}
	for name, list := range map[string][]string{"to": c.To, "cc": c.Cc, "bcc": c.Bcc} {
		for i, address := range list {
			if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address || len(address) > 254 {
				return sinew.InvalidField(fmt.Sprintf("config.%s.%d", name, i), "format", "must be an e-mail address, such as ops@example.com")
			}
		}
	}
	return nil
}
