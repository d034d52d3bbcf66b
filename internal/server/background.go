package server

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/action"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/connect"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/inbound"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/journal"
	"github.com/sinewhq/sinew/internal/notification"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/refresh"
	"github.com/sinewhq/sinew/internal/revocation"
	"github.com/sinewhq/sinew/internal/upstream"
	"github.com/sinewhq/sinew/internal/webhook"
	"github.com/sinewhq/sinew/internal/workflow"
)

// parallelRefreshes is how many tokens a node refreshes ahead of their expiry at
// once. They wait for vendors, and hold no connection meanwhile.
const parallelRefreshes = 256

// parallelPolls is how many vendors a node asks at once whether a customer has
// agreed on another device.
const parallelPolls = 16

// parallelInstalls is how many accounts a node takes through their steps at once.
const parallelInstalls = 16

// exchange asks for tokens by actions, which need the proxy, which needs tokens: it
// gets its actions when there are any.
type exchange struct{ *action.Service }

func newRefresh(core *Core, by refresh.Exchange, answers *escrow.Journal, client *upstream.Client, metrics *obs.Metrics, log *slog.Logger) *refresh.Service {
	return refresh.New(refresh.Config{
		Accounts: core.Accounts, Leases: core.Store, Sender: client, Exchange: by, Journal: answers, Metrics: metrics, Log: log, Node: uuid.NewString(),
	})
}

// openAnswers opens the journal of what vendors have answered.
func openAnswers(c config.Config, core *Core, log *slog.Logger) (*escrow.Journal, error) {
	return escrow.Open(filepath.Join(c.DataDir, "answers"), core.Store, log)
}

// appliers bring the entries of the journal into the database, by their kind.
func (s *Server) appliers() map[string]escrow.Apply {
	return map[string]escrow.Apply{refresh.Journalled: s.refresh.Apply, connect.Journalled: s.connect.Apply}
}

// recoverAnswers makes good what a crash has left of refreshes and of attempts to
// connect, before there are new ones: a refresh that came earlier would ask with a
// token that is spent.
func (s *Server) recoverAnswers(ctx context.Context) error {
	s.answers.Replay(ctx, s.appliers())
	if !s.Core.Store.Alone() {
		return nil
	}
	return errors.Join(s.Core.Store.EndRefreshes(ctx), s.connect.Recover(ctx))
}

// workers are the engines that do a node's jobs.
type workers struct {
	accounts    *account.Service
	tokens      *refresh.Service
	actions     *action.Service
	links       *connect.Service
	revocations *revocation.Service
	webhooks    *webhook.Service
	deliveries  *inbound.Service
	workflows   *workflow.Service
	notices     *notification.Service
	journal     *journal.Writer
	// inboundKept is how long deliveries of vendors stay; 0 is for ever.
	inboundKept time.Duration
	// eventsKept is the same of events.
	eventsKept time.Duration
}

// newRunner works off the jobs of this node, which has so long to end those under way
// when it stops.
func newRunner(core *Core, w workers, drain time.Duration, metrics *obs.Metrics, log *slog.Logger) *jobs.Runner {
	kinds := map[string]jobs.Kind{
		sinew.JobRefreshCredentials: {Work: w.tokens.Work, Parallel: parallelRefreshes},
		sinew.JobInstallAccount:     {Work: w.actions.Install, Parallel: parallelInstalls, GiveUp: w.actions.GiveUpInstall},
		sinew.JobPollDevice:         {Work: w.links.PollDevice, Parallel: parallelPolls},
		sinew.JobRevokeToken:        w.revocations.Kind(),
		sinew.JobDeliverWebhook:     w.webhooks.Kind(),
		sinew.JobProcessInbound:     w.deliveries.Kind(),
		sinew.JobRunWorkflow:        w.workflows.Kind(),
		sinew.JobWorkBatch:          w.accounts.BatchKind(),
	}
	maps.Copy(kinds, w.notices.Kinds())
	var schedules []sinew.Schedule
	for _, c := range chores(core, w, log) {
		kinds[c.name] = jobs.Kind{Work: c.work, Parallel: 1}
		schedules = append(schedules, sinew.Schedule{Name: c.name, Kind: c.name, Cron: c.cron, Enabled: true, MaxAttempts: choreAttempts, Priority: chorePriority})
	}
	return jobs.New(jobs.Config{
		Store: core.Store, Kinds: kinds, Schedules: schedules, Times: jobs.Times{Drain: drain}, Metrics: metrics, Log: log, Alone: core.Store.Alone(),
	})
}
