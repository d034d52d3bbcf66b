package refresh

import (
	"context"
	"errors"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/credential"
	"github.com/sinewhq/sinew/internal/jobs"
)

// Work is the job that refreshes an account's token ahead of its expiry.
func (s *Service) Work(ctx context.Context, j sinew.Job) error {
	environmentID, accountID := value(j.Args, "environment_id"), value(j.Args, "integrated_account_id")
	a, err := s.read(ctx, environmentID, accountID)
	if sinew.IsNotFound(err) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return jobs.PutOff(s.leases.Now().Add(s.times.Backoff))
	}
	token := a.token()
	if token.AccessToken != "" && credential.RefreshAt(token.ExpiresAt, s.leases.Now()).After(s.leases.Now().Add(credential.LongestLead)) {
		return nil // refreshed meanwhile, which has a job of its own
	}
	if !account.Refreshable(&a.Record, token) {
		return nil
	}
	_, err = s.Refresh(ctx, environmentID, accountID, token.AccessToken, false)
	known, ok := errors.AsType[*sinew.Error](err)
	switch {
	case err == nil:
		return nil
	case ok && (known.Code == CodeRefused || known.Code == CodeUnknown || known.Code == CodeNotRefreshable):
		return jobs.Cancel(err)
	case sinew.IsNotFound(err):
		return nil
	}
	state, stateErr := s.leases.RefreshState(ctx, accountID)
	if stateErr != nil || !state.NotBefore.After(s.leases.Now()) {
		return jobs.PutOff(s.leases.Now().Add(s.times.Backoff))
	}
	return jobs.PutOff(state.NotBefore)
}

// replayEvery is how often the journal is looked at.
const replayEvery = time.Second

// Replay stores what the journal holds, now and then until its context ends:
// answers that came while the database was away.
func (s *Service) Replay(ctx context.Context) {
	tick := time.NewTicker(replayEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.replay(ctx)
		}
	}
}

// Recover stores what a crash has left in the journal. It is called before the
// first refresh: one that came earlier would ask with a token that is spent.
func (s *Service) Recover(ctx context.Context) { s.replay(ctx) }

func (s *Service) replay(ctx context.Context) {
	entries, err := s.journal.Pending(ctx)
	if err != nil && ctx.Err() == nil {
		s.log.Error("read refresh journal", "error", err.Error())
	}
	for _, e := range entries {
		stored, err := s.apply(ctx, e)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.Warn("store token of the refresh journal", "account", e.Claim.AccountID, "error", err.Error())
		case stored:
			s.log.Info("stored token of the refresh journal", "account", e.Claim.AccountID, "fence", e.Claim.Fence)
		}
	}
}
