package server

import (
	"log/slog"
	"time"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/dataplane"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/idempotency"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/proxy"
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

// dataPlane returns the operations that call vendors.
func dataPlane(core *Core, client *upstream.Client, tokens proxy.Tokens, recorder proxy.Recorder, metrics *obs.Metrics, log *slog.Logger) []httpapi.Operation {
	engine := proxy.New(proxy.Config{
		Accounts: core.Accounts, Tokens: tokens, Gates: core.Store, Sender: client, Sealer: core.Store.Vault(), Metrics: metrics, Recorder: recorder, Log: log,
	})
	return dataplane.Operations(engine, idempotency.New(core.Store, log, 0))
}
