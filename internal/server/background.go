package server

import (
	"log/slog"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/refresh"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/upstream"
)

// parallelRefreshes is how many tokens a node refreshes ahead of their expiry at
// once.
const parallelRefreshes = 32

func newRefresh(c config.Config, core *Core, client *upstream.Client, metrics *obs.Metrics, log *slog.Logger) (*refresh.Service, error) {
	kept, err := refresh.OpenJournal(filepath.Join(c.DataDir, "refresh-journal"), core.Store)
	if err != nil {
		return nil, err
	}
	return refresh.New(refresh.Config{
		Accounts: core.Accounts, Leases: core.Store, Sender: client, Journal: kept, Metrics: metrics, Log: log, Node: uuid.NewString(),
	}), nil
}

// newRunner works off the jobs of this node.
func newRunner(st *store.Store, tokens *refresh.Service, log *slog.Logger) *jobs.Runner {
	return jobs.New(jobs.Config{
		Store: st, Log: log, Alone: st.Alone(),
		Kinds: map[string]jobs.Kind{
			sinew.JobRefreshCredentials: {Work: tokens.Work, Parallel: parallelRefreshes},
		},
	})
}
