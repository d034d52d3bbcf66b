package server

import (
	"log/slog"
	"time"

	"github.com/sinewhq/sinew/internal/action"
	"github.com/sinewhq/sinew/internal/batch"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/dataplane"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/idempotency"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/unified"
	"github.com/sinewhq/sinew/internal/upstream"
)

// idleUpstream is how long a connection to a vendor is kept. Its buffers hold
// the last request, credential included, so it is no longer than the time that
// a credential may stay in memory.
const idleUpstream = 60 * time.Second

// newUpstream opens the way out.
func newUpstream(c config.Config) (*upstream.Client, error) {
	return upstream.New(upstream.Config{Allow: c.EgressAllow, IdleTimeout: idleUpstream})
}

// newProxy makes the engine that calls vendors.
func newProxy(core *Core, client *upstream.Client, tokens proxy.Tokens, recorder proxy.Recorder, metrics *obs.Metrics, log *slog.Logger) *proxy.Service {
	return proxy.New(proxy.Config{
		Accounts: core.Accounts, Tokens: tokens, Gates: core.Store, Sender: client, Sealer: core.Store.Vault(), Metrics: metrics, Recorder: recorder, Log: log,
	})
}

// newActions makes the engine that runs actions.
func newActions(core *Core, calls *proxy.Service, models *unified.Service, log *slog.Logger) *action.Service {
	return action.New(action.Config{Proxy: calls, Unified: models, Accounts: core.Accounts, Runs: core.Store, Log: log})
}

// newUnified makes the engine that calls vendors by a unified model.
func newUnified(core *Core, calls *proxy.Service, log *slog.Logger) *unified.Service {
	return unified.New(unified.Config{Store: core.Store, Accounts: core.Accounts, Proxy: calls, Sealer: core.Store.Vault(), Alarms: core.Store, History: core.Store, Log: log})
}

// dataPlane returns the operations that call vendors.
func dataPlane(core *Core, calls *proxy.Service, models *unified.Service, actions *action.Service, log *slog.Logger) []httpapi.Operation {
	return dataplane.Operations(dataplane.Engines{
		Proxy: calls, Unified: models, Batches: batch.New(core.Accounts, calls, models), Actions: actions, Pages: core.Manual, Keeper: idempotency.New(core.Store, log, 0),
	})
}
