package refresh

import (
	"context"
	"errors"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Work is the job that refreshes an account's token ahead of its expiry.
func (s *Service) Work(ctx context.Context, j sinew.Job) error {
	args, err := jsonx.ParseString(string(j.Args))
	if err != nil {
		return jobs.Cancel(err)
	}
	environmentID, accountID := args.Get("environment_id").Str(), args.Get("integrated_account_id").Str()
	a, err := s.read(ctx, environmentID, accountID)
	if sinew.IsNotFound(err) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return jobs.PutOff(s.leases.Now().Add(s.times.Backoff))
	}
	token := a.token()
	state, err := s.leases.RefreshState(ctx, accountID)
	if err != nil {
		return jobs.PutOff(s.leases.Now().Add(s.times.Backoff))
	}
	// The token of the job may be gone, and the one that is there has a job of its
	// own. The state was read after the account: of two, it is the newer one.
	if fence, ok := args.Get("token_fence").Int(); ok && fence != state.TokenFence {
		return nil
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
