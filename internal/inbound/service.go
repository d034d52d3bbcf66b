package inbound

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/unified"
)

// Store keeps the inbox; see the store's methods of these names.
type Store interface {
	InboundAccount(ctx context.Context, accountID string) (environmentID string, err error)
	InboundInstallation(ctx context.Context, installationID string) (environmentID string, err error)
	UnconnectedAccount(ctx context.Context, environmentID, installationID string) (sinew.AccountRecord, error)
	AccountsByContext(ctx context.Context, installationID, field string, values []string, limit int) (ids []string, err error)

	AcceptInbound(ctx context.Context, arrivals []sinew.InboundArrival) (fresh int, err error)
	RefuseInbound(ctx context.Context, w sinew.InboundWebhook, keep int) error
	RouteInbound(ctx context.Context, w sinew.InboundWebhook, arrivals []sinew.InboundArrival) error

	InboundWebhooks(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.InboundWebhook], error)
	InboundWebhook(ctx context.Context, environmentID, id string) (sinew.InboundWebhook, error)
	ReplayInbound(ctx context.Context, environmentID string, f sinew.InboundReplay, limit int) (replayed int, unrouted []string, err error)

	WaitingInbound(ctx context.Context, accountID string, limit int) ([]sinew.InboundWebhook, error)
	FinishInbound(ctx context.Context, j sinew.Job, w sinew.InboundWebhook, o sinew.InboundOutcome) error
	Now() time.Time
}

// Accounts are what deliveries are for.
type Accounts interface {
	// ForCall opens an account; NotFound when the environment has none of that id.
	ForCall(ctx context.Context, p sinew.Principal, id string) (*account.Opened, error)
	// Remember merges a patch into the context of an account, with an event.
	Remember(ctx context.Context, p sinew.Principal, id string, patch jsonx.Value, event sinew.EventType) error
}

// Unified has what the unified models make of deliveries, and fetches records.
type Unified interface {
	Events(ctx context.Context, environmentID, integration string, input jsonx.Value) ([]unified.Event, error)
	Read(ctx context.Context, c unified.Call) (unified.Payload, error)
}

// Config is what a Service is made of.
type Config struct {
	Store    Store
	Accounts Accounts
	Unified  Unified
	Sender   Sender
	Log      *slog.Logger
	// Metrics counts deliveries; nil for nobody.
	Metrics Metrics
	// Kept is how long deliveries stay in the inbox; 0 is for ever.
	Kept time.Duration
	// Quota bounds what is kept of the deliveries for one account.
	Quota Quota
	// ReadWithin is how long a vendor may take to send one; 0 is 20 s.
	ReadWithin time.Duration
}

// seenFor is how long the names of deliveries are known where these stay for ever.
const seenFor = 365 * 24 * time.Hour

// Service takes deliveries. It is safe for concurrent use.
type Service struct {
	store       Store
	accounts    Accounts
	unified     Unified
	log         *slog.Logger
	kept        time.Duration
	expressions *expression.Engine
	keys        *keySets
	refusals    refusals
	metrics     Metrics
	quotas      quotas
	readWithin  time.Duration
	room        chan struct{}
	large       chan struct{}
}

// New returns a service.
func New(c Config) *Service {
	if c.Kept == 0 {
		c.Kept = seenFor
	}
	if c.Metrics == nil {
		c.Metrics = uncounted{}
	}
	return &Service{
		metrics: c.Metrics, quotas: quotas{Quota: c.Quota}, readWithin: cmp.Or(c.ReadWithin, readWithin), large: make(chan struct{}, largeAtOnce),
		store: c.Store, accounts: c.Accounts, unified: c.Unified, log: c.Log, kept: c.Kept, expressions: expression.NewEngine(), keys: newKeySets(c.Sender),
		room: make(chan struct{}, atOnce),
	}
}

// actor stands for deliveries in the timeline and the audit.
func actor(environmentID string) sinew.Principal {
	return sinew.Principal{Kind: sinew.PrincipalPlatform, TokenID: sinew.JobProcessInbound, EnvironmentID: environmentID}
}

const (
	// atOnce is how many deliveries a node looks at at the same time.
	atOnce = 64
	// waitForRoom is how long others wait.
	waitForRoom = 5 * time.Second
)

// Enter takes a place for a delivery once its body is read, so that nobody holds one by
// sending slowly. leave gives it back. Unavailable when there is none: vendors come
// again.
func (s *Service) Enter(ctx context.Context) (leave func(), err error) {
	return s.place(ctx, s.room)
}
