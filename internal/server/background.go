package server

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/action"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/connect"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/refresh"
	"github.com/sinewhq/sinew/internal/revocation"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/upstream"
	"github.com/sinewhq/sinew/internal/webhook"
)

// parallelRefreshes is how many tokens a node refreshes ahead of their expiry at
// once.
const parallelRefreshes = 32

// parallelPolls is how many vendors a node asks at once whether a customer has
// agreed on another device.
const parallelPolls = 16

// parallelInstalls is how many accounts a node takes through their steps at once.
const parallelInstalls = 16

// exchange asks for tokens by actions, which need the proxy, which needs tokens: it
// gets its actions when there are any.
type exchange struct{ *action.Service }

func newRefresh(c config.Config, core *Core, by refresh.Exchange, client *upstream.Client, metrics *obs.Metrics, log *slog.Logger) (*refresh.Service, error) {
	kept, err := refresh.OpenJournal(filepath.Join(c.DataDir, "refresh-journal"), core.Store)
	if err != nil {
		return nil, err
	}
	return refresh.New(refresh.Config{
		Accounts: core.Accounts, Leases: core.Store, Sender: client, Exchange: by, Journal: kept, Metrics: metrics, Log: log, Node: uuid.NewString(),
	}), nil
}

// recoverTokens makes good what a crash has left of refreshes and of attempts to
// connect, before there are new ones.
func recoverTokens(ctx context.Context, core *Core, tokens *refresh.Service, links *connect.Service) error {
	tokens.Recover(ctx)
	if !core.Store.Alone() {
		return nil
	}
	return errors.Join(core.Store.EndRefreshes(ctx), links.Recover(ctx))
}

// workers are the engines that do a node's jobs.
type workers struct {
	tokens      *refresh.Service
	actions     *action.Service
	links       *connect.Service
	revocations *revocation.Service
	webhooks    *webhook.Service
}

// newRunner works off the jobs of this node.
func newRunner(st *store.Store, w workers, log *slog.Logger) *jobs.Runner {
	return jobs.New(jobs.Config{
		Store: st, Log: log, Alone: st.Alone(),
		Kinds: map[string]jobs.Kind{
			sinew.JobRefreshCredentials: {Work: w.tokens.Work, Parallel: parallelRefreshes},
			sinew.JobInstallAccount:     {Work: w.actions.Install, Parallel: parallelInstalls},
			sinew.JobPollDevice:         {Work: w.links.PollDevice, Parallel: parallelPolls},
			sinew.JobRevokeToken:        w.revocations.Kind(),
			sinew.JobDeliverWebhook:     w.webhooks.Kind(),
		},
	})
}
