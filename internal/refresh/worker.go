package refresh

import (
	"context"
	"errors"

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
