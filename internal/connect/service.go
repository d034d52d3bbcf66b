package connect

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
	"github.com/sinewhq/sinew/internal/view"
)

// Store keeps link tokens and attempts; see the store's methods of these names.
type Store interface {
	CreateLinkToken(ctx context.Context, token *sinew.LinkToken, hash []byte) error
	LinkTokenByHash(ctx context.Context, hash []byte) (sinew.LinkToken, error)
	LinkToken(ctx context.Context, environmentID, id string) (sinew.LinkToken, error)
	CreateAttempt(ctx context.Context, a *sinew.ConnectAttempt, h sinew.AttemptHashes) error
	Attempt(ctx context.Context, linkTokenID, id string) (sinew.ConnectAttempt, error)
	LastAttempt(ctx context.Context, linkTokenID string, status sinew.AttemptStatus) (sinew.ConnectAttempt, error)
	StartAttempt(ctx context.Context, id string, h sinew.AttemptHashes, browser []byte, deadline time.Time) (sinew.ConnectAttempt, error)
	ReturnAttempt(ctx context.Context, state []byte, deadline time.Time) (a sinew.ConnectAttempt, browser []byte, err error)
	DeviceAttempt(ctx context.Context, id string) (sinew.ConnectAttempt, error)
	SaveDeviceAttempt(ctx context.Context, a sinew.ConnectAttempt) error
	EndDeviceAttempts(ctx context.Context, linkTokenID string, e sinew.AttemptError, event sinew.AttemptEvent) error
	FailAttempt(ctx context.Context, id string, e sinew.AttemptError, event sinew.AttemptEvent) error
	ExpireAttempt(ctx context.Context, id string, e sinew.AttemptError, event sinew.AttemptEvent) error
	ExpireAttempts(ctx context.Context, status sinew.AttemptStatus, e sinew.AttemptError, event sinew.AttemptEvent) error
	EndExchanges(ctx context.Context, e sinew.AttemptError, event sinew.AttemptEvent) error

	Environment(ctx context.Context, id string) (sinew.Environment, error)
	EnabledInstallations(ctx context.Context, environmentID string) ([]sinew.EnvironmentIntegration, error)
	Connectable(ctx context.Context, environmentID string) ([]sinew.EnvironmentIntegration, error)
	EnvironmentIntegration(ctx context.Context, environmentID, id string) (sinew.EnvironmentIntegration, error)
	InstalledModels(ctx context.Context, environmentID string) ([]sinew.EnvironmentUnifiedModel, error)
	Mappings(ctx context.Context, environmentID, integration string) ([]sinew.MappedMethod, error)
	InstallationNamed(ctx context.Context, environmentID, name string) (sinew.EnvironmentIntegration, error)
	UnconnectedAccount(ctx context.Context, environmentID, installationID string) (sinew.AccountRecord, error)
	Account(ctx context.Context, environmentID, id string) (sinew.AccountView, error)
	// Now is the time that deadlines go by.
	Now() time.Time
}

// Accounts stores what a customer has connected.
type Accounts interface {
	AsItIs(ctx context.Context, environmentID, id string) (sinew.AccountRecord, jsonx.Value, error)
	CheckGate(ctx context.Context, p sinew.Principal, id string) error
	Connect(ctx context.Context, c account.Connection) (sinew.AccountView, error)
}

// Sender is the way out.
type Sender interface {
	Do(ctx context.Context, r *upstream.Request) (*upstream.Response, error)
}

// Config is what a Service is made of. Every field but Times is required.
type Config struct {
	Store    Store
	Accounts Accounts
	Sender   Sender
	Journal  *escrow.Journal
	Log      *slog.Logger
	// Key hashes link tokens, tickets, states and cookies.
	Key []byte
	// URL is the address under which browsers reach the server, without a slash at
	// the end.
	URL   string
	Times Times
}

// Times are the intervals of connecting; a zero field means its default.
type Times struct {
	Consent time.Duration // how long a customer may take at the vendor: 10 min
	Vendor  time.Duration // how long a token endpoint may take: 60 s
	Poll    time.Duration // how often a wait looks: 250 ms
}

func (t Times) withDefaults() Times {
	for _, field := range []struct {
		value   *time.Duration
		usually time.Duration
	}{{&t.Consent, 10 * time.Minute}, {&t.Vendor, time.Minute}, {&t.Poll, 250 * time.Millisecond}} {
		if *field.value == 0 {
			*field.value = field.usually
		}
	}
	return t
}

// Service connects accounts. It is safe for concurrent use.
type Service struct {
	Config
	base    *url.URL
	offers  offerCache
	stopped chan struct{}
	once    sync.Once
}

// New returns a service. The error is a URL that is none.
func New(c Config) (*Service, error) {
	c.Times = c.Times.withDefaults()
	base, err := url.Parse(strings.TrimSuffix(c.URL, "/"))
	if err != nil {
		return nil, err
	}
	return &Service{Config: c, base: base, stopped: make(chan struct{})}, nil
}

// Stop ends the waits for attempts, so that a server that stops need not wait for
// them.
func (s *Service) Stop() { s.once.Do(func() { close(s.stopped) }) }

// Recover ends what a crash of the only node there is has left in the middle, so
// that customers need not wait for a deadline before they try again. What the
// journal can complete should be complete by then.
func (s *Service) Recover(ctx context.Context) error {
	return s.Store.EndExchanges(ctx, overdue(sinew.AttemptExchanging), view.ConnectionError)
}

// What hashes are of: a secret of one kind is none of another.
const (
	kindToken   = "link_token"
	kindTicket  = "ticket"
	kindState   = "state"
	kindBrowser = "browser"
)

func (s *Service) hash(kind, secret string) []byte {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte(kind + ":" + secret))
	return mac.Sum(nil)
}

// secretLength is the length of the secrets that randomSecret makes.
const secretLength = 43

// randomSecret returns 256 random bits as text.
func randomSecret() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// path returns the path under which browsers find something of ours.
func (s *Service) path(path string) string { return s.base.Path + path }

// callbackURL is where the vendor of an integration sends its customers back to.
func (s *Service) callbackURL(integration string) string {
	return s.base.JoinPath("connect", integration, "callback").String()
}
