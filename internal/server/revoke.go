package server

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/revocation"
)

// Revoking is a run of the kill switch as a command sees it.
type Revoking struct {
	Run     sinew.RevocationRun
	Resumed bool
	// Taken says that no account of the scope can be used any more.
	Taken  bool
	Counts []sinew.RevocationCount
}

// revokeTimes are those of a command that works off its own jobs: what a killed one
// has left is taken up soon.
var revokeTimes = jobs.Times{Lease: 10 * time.Second, Poll: 100 * time.Millisecond, Rescue: time.Second}

// Revoke gives up the credentials of a scope, or goes on where it was stopped, and
// tells the vendors, beside a running server or without one. told is called when
// there is a run, and when every account is taken. patience is how long it waits for vendors that give no answer.
func (c *Core) Revoke(ctx context.Context, settings config.Config, scope sinew.RevocationScope, patience time.Duration, told func(Revoking)) (r Revoking, err error) {
	client, err := newUpstream(settings)
	if err != nil {
		return r, err
	}
	defer client.Close()
	kills := revocation.NewSwitch(c.Store, c.Accounts)
	if r.Run, r.Resumed, err = kills.Begin(ctx, scope); err != nil {
		return r, err
	}
	told(r)
	quiet := slog.New(slog.DiscardHandler)
	runner := jobs.New(jobs.Config{
		Store: c.Store, Log: quiet, Times: revokeTimes,
		Kinds: map[string]jobs.Kind{sinew.JobRevokeToken: revocation.New(c.Store, client, quiet).Kind()},
	})
	working, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); runner.Run(working) }()
	err = kills.GiveUp(ctx, r.Run)
	if err == nil {
		r.Taken = true
		told(r)
		r.Counts, err = kills.Await(ctx, r.Run.ID, patience)
	}
	stop()
	<-done
	return r, err
}

// PreviewRevocation counts what a run over a scope would do.
func (c *Core) PreviewRevocation(ctx context.Context, scope sinew.RevocationScope) ([]sinew.RevocationCount, error) {
	return revocation.NewSwitch(c.Store, c.Accounts).Preview(ctx, scope)
}

// RevocationReport tells what became of a run.
func (c *Core) RevocationReport(ctx context.Context, runID string) ([]sinew.RevocationCount, error) {
	if !sinew.IsUUID(runID) {
		return nil, errors.New("a run is named by its id")
	}
	return revocation.NewSwitch(c.Store, c.Accounts).Report(ctx, runID)
}
