package action

import (
	"context"
	"log/slog"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/unified"
)

// Proxy makes calls to vendors.
type Proxy interface {
	Do(ctx context.Context, c proxy.Call) (proxy.Result, error)
}

// Unified makes calls by a unified model.
type Unified interface {
	Read(ctx context.Context, c unified.Call) (unified.Payload, error)
}

// Accounts are what actions run for; see account.Service.
type Accounts interface {
	AsItIs(ctx context.Context, environmentID, id string) (sinew.AccountRecord, jsonx.Value, error)
	Remember(ctx context.Context, p sinew.Principal, id string, patch jsonx.Value, event sinew.EventType) error
	Installed(result sinew.JSON) func(*sinew.AccountRecord) ([]sinew.Event, error)
	InstallFailed(trigger account.Trigger, reason string, result sinew.JSON) func(*sinew.AccountRecord) ([]sinew.Event, error)
}

// Runs keep how far connecting accounts are; see the store's methods of these
// names.
type Runs interface {
	InstallRun(ctx context.Context, environmentID, accountID string) (sinew.InstallRun, error)
	SaveInstall(ctx context.Context, environmentID, accountID string, r sinew.InstallRun, shown sinew.JSON) (current bool, err error)
	FinishInstall(ctx context.Context, environmentID, accountID, run string, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (current bool, err error)
	Now() time.Time
}

// Config is what a Service is made of. Every field but Times is required.
type Config struct {
	Proxy    Proxy
	Unified  Unified
	Accounts Accounts
	Runs     Runs
	Log      *slog.Logger
	Times    Times
}

// Times bound actions; a zero field means its default.
type Times struct {
	Custom  time.Duration // an action that a caller waits for: 100 s
	Install time.Duration // post-install and validation without pauses: 4 min
	// Patience is how long an install waits for a vendor that asks to wait: 1 h.
	Patience time.Duration
}

func (t Times) withDefaults() Times {
	for _, field := range []struct {
		value   *time.Duration
		usually time.Duration
	}{
		{&t.Custom, 100 * time.Second},
		{&t.Install, 4 * time.Minute},
		{&t.Patience, time.Hour},
	} {
		if *field.value == 0 {
			*field.value = field.usually
		}
	}
	return t
}

// Service runs actions. It is safe for concurrent use.
type Service struct {
	proxy       Proxy
	unified     Unified
	accounts    Accounts
	runs        Runs
	log         *slog.Logger
	times       Times
	expressions *expression.Engine
}

// New returns a service.
func New(c Config) *Service {
	return &Service{
		proxy: c.Proxy, unified: c.Unified, accounts: c.Accounts, runs: c.Runs, log: c.Log, times: c.Times.withDefaults(), expressions: expression.NewEngine(),
	}
}
