package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// leaseRow is the row of an account in credential_lease.
type leaseRow struct {
	sinew.RefreshState
	fence int64
	node  string
}

const leaseColumns = "fence, token_fence, coalesce(node, ''), lease_until, unresolved, failures, not_before, coalesce(last_error, '')"

func scanLease(row scanner) (l leaseRow, err error) {
	var until, notBefore sql.NullInt64
	err = row.Scan(&l.fence, &l.TokenFence, &l.node, &until, &l.Unresolved, &l.Failures, &notBefore, &l.LastError)
	l.HeldUntil, l.NotBefore = fromNullMillis(until), fromNullMillis(notBefore)
	return l, err
}

// RefreshState returns how it stands with an account's token. An account that was
// never refreshed has the zero state.
func (s *Store) RefreshState(ctx context.Context, accountID string) (sinew.RefreshState, error) {
	l, err := scanLease(s.reader.QueryRowContext(ctx, "SELECT "+leaseColumns+" FROM credential_lease WHERE account_id = $1", accountID))
	if isNoRows(err) {
		return sinew.RefreshState{}, nil
	}
	return l.RefreshState, wrap(err, "read refresh state of account %s", accountID)
}

// lockLease locks the row of an account, which it makes if there is none.
// NotFound when the environment has no such account.
func lockLease(ctx context.Context, t *tx, environmentID, accountID string) (leaseRow, error) {
	if _, err := t.ExecContext(ctx, `INSERT INTO credential_lease (account_id, fence, token_fence, unresolved, failures)
		SELECT id, 0, 0, $3, 0 FROM integrated_account WHERE environment_id = $1 AND id = $2 ON CONFLICT (account_id) DO NOTHING`, environmentID, accountID, false); err != nil {
		return leaseRow{}, err
	}
	l, err := scanLease(t.QueryRowContext(ctx, "SELECT "+leaseColumns+" FROM credential_lease WHERE account_id = $1"+t.store.dialect.forUpdate, accountID))
	return l, notFound("Integrated account", accountID, err)
}

// ClaimRefresh claims the refresh of an account's token for a node. ok is false
// when another node holds it, or when it is to be left alone for a while after
// failures, which force ignores; state says which. NotFound when the account is
// gone.
func (s *Store) ClaimRefresh(ctx context.Context, environmentID, accountID, node string, force bool, lease time.Duration) (claim sinew.RefreshClaim, state sinew.RefreshState, ok bool, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		claim, ok = sinew.RefreshClaim{}, false
		l, err := lockLease(ctx, t, environmentID, accountID)
		if err != nil {
			return err
		}
		now := s.Now()
		state = l.RefreshState
		if l.node != "" && l.HeldUntil.After(now) || l.NotBefore.After(now) && !force {
			return nil
		}
		// A holder that did not say how it ended may have asked.
		unresolved := l.Unresolved || l.node != ""
		ok = true
		claim = sinew.RefreshClaim{EnvironmentID: environmentID, AccountID: accountID, Fence: l.fence + 1, Node: node, TokenFence: l.TokenFence, Unresolved: unresolved, Failures: l.Failures}
		_, err = t.ExecContext(ctx, "UPDATE credential_lease SET fence = $2, node = $3, lease_until = $4, unresolved = $5 WHERE account_id = $1",
			accountID, claim.Fence, node, now.Add(lease).UnixMilli(), unresolved)
		return err
	})
	return claim, state, ok, wrap(err, "claim refresh of account %s", accountID)
}

// ExtendRefresh renews a claim; held is false when it is lost.
func (s *Store) ExtendRefresh(ctx context.Context, c sinew.RefreshClaim, lease time.Duration) (held bool, err error) {
	held, err = affected(s.writer.ExecContext(ctx, "UPDATE credential_lease SET lease_until = $3 WHERE account_id = $1 AND fence = $2 AND node IS NOT NULL",
		c.AccountID, c.Fence, s.Now().Add(lease).UnixMilli()))
	return held, wrap(err, "extend refresh of account %s", c.AccountID)
}

// ReleaseRefresh gives a claim back without having asked the vendor.
func (s *Store) ReleaseRefresh(ctx context.Context, c sinew.RefreshClaim) error {
	_, err := s.writer.ExecContext(ctx, "UPDATE credential_lease SET node = NULL, lease_until = NULL WHERE account_id = $1 AND fence = $2", c.AccountID, c.Fence)
	return wrap(err, "release refresh of account %s", c.AccountID)
}

// StoreToken changes an account by what a refresh brought, ends the claim, and
// clears what was known of failures. stored is false, and nothing is changed,
// when a token of a larger fence is there already. A claim that was lost
// meanwhile may still store, as long as nobody else has: its token is the newest
// that there is.
func (s *Store) StoreToken(ctx context.Context, c sinew.RefreshClaim, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (stored bool, err error) {
	err = s.change(ctx, func(t *tx) error {
		stored = false
		if err := s.lockAccountFirst(ctx, t, c); err != nil {
			return err
		}
		l, err := lockLease(ctx, t, c.EnvironmentID, c.AccountID)
		if err != nil || l.TokenFence >= c.Fence {
			return err
		}
		if _, err := s.updateAccount(ctx, t, c.EnvironmentID, c.AccountID, true, update); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `UPDATE credential_lease SET token_fence = $2, unresolved = $3, failures = 0, not_before = NULL, last_error = NULL,
			node = CASE WHEN fence = $2 THEN NULL ELSE node END, lease_until = CASE WHEN fence = $2 THEN NULL ELSE lease_until END WHERE account_id = $1`, c.AccountID, c.Fence, false)
		stored = err == nil
		return err
	})
	return stored, wrap(s.failClosed(ctx, c.EnvironmentID, err), "store token of account %s", c.AccountID)
}

// FailRefresh ends a claim that brought no token. condemn, nil for a failure that
// will pass, changes the account; it is left alone when a newer token has come
// meanwhile, or another node has claimed the refresh. ended says whether the
// claim was still the caller's.
func (s *Store) FailRefresh(ctx context.Context, c sinew.RefreshClaim, f sinew.RefreshFailure, condemn func(*sinew.AccountRecord) ([]sinew.Event, error)) (ended bool, err error) {
	change := s.change
	if condemn == nil {
		change = s.changeAside
	}
	err = change(ctx, func(t *tx) error {
		ended = false
		if err := s.lockAccountFirst(ctx, t, c); err != nil {
			return err
		}
		l, err := lockLease(ctx, t, c.EnvironmentID, c.AccountID)
		if err != nil || l.fence != c.Fence || l.TokenFence != c.TokenFence {
			return err
		}
		if condemn != nil {
			if _, err := s.updateAccount(ctx, t, c.EnvironmentID, c.AccountID, true, condemn); err != nil {
				return err
			}
		}
		_, err = t.ExecContext(ctx, `UPDATE credential_lease SET node = NULL, lease_until = NULL, failures = failures + 1, not_before = $2, last_error = $3, unresolved = $4 WHERE account_id = $1`,
			c.AccountID, millis(f.NotBefore), orNull(f.Reason), f.Unresolved)
		ended = err == nil
		return err
	})
	return ended, wrap(s.failClosed(ctx, c.EnvironmentID, err), "end refresh of account %s", c.AccountID)
}

// EndRefreshes ends every claim: at the start of the only node there is, nobody
// else can hold one.
func (s *Store) EndRefreshes(ctx context.Context) error {
	_, err := s.writer.ExecContext(ctx, "UPDATE credential_lease SET lease_until = 0 WHERE node IS NOT NULL")
	return wrap(err, "end refreshes of a node that is gone")
}

// lockAccountFirst locks in the order of all other changes: the account, then what
// hangs on it.
func (s *Store) lockAccountFirst(ctx context.Context, t *tx, c sinew.RefreshClaim) error {
	return s.lockAccountRow(ctx, t, c.EnvironmentID, c.AccountID)
}

func (s *Store) lockAccountRow(ctx context.Context, t *tx, environmentID, accountID string) error {
	if s.dialect.noKeyUpdate == "" {
		return nil
	}
	_, err := t.ExecContext(ctx, "SELECT id FROM integrated_account WHERE environment_id = $1 AND id = $2"+s.dialect.noKeyUpdate, environmentID, accountID)
	return err
}

// tokenReplaced makes every refresh under way too old: the token came from
// elsewhere, such as a new connection.
func tokenReplaced(ctx context.Context, t *tx, environmentID, accountID string) error {
	if _, err := lockLease(ctx, t, environmentID, accountID); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `UPDATE credential_lease SET fence = fence + 1, token_fence = fence + 1, node = NULL, lease_until = NULL, unresolved = $2, failures = 0,
		not_before = NULL, last_error = NULL WHERE account_id = $1`, accountID, false)
	return wrap(err, "fence the refreshes of account %s", accountID)
}

// tokenPart is what of an account's secrets refreshing is about.
func tokenPart(secrets sinew.JSON) string {
	v, err := jsonx.ParseString(string(secrets.Or(sinew.EmptyObject)))
	if err != nil {
		return string(secrets)
	}
	return v.At("oauth", "token").String()
}

// refreshJob is the job that refreshes an account's token ahead of its expiry.
func refreshJob(environmentID, accountID string, at time.Time) sinew.Job {
	args := jsonx.ObjectValue(
		jsonx.Member{Name: "environment_id", Value: jsonx.StringValue(environmentID)},
		jsonx.Member{Name: "integrated_account_id", Value: jsonx.StringValue(accountID)},
	)
	return sinew.Job{
		Kind: sinew.JobRefreshCredentials, EnvironmentID: environmentID, Args: sinew.JSON(args.String()), UniqueKey: "refresh:" + accountID, RunAt: at, MaxAttempts: 1,
	}
}

// scheduleRefresh puts the refresh of an account at a time, or takes it away.
func scheduleRefresh(ctx context.Context, t *tx, environmentID, accountID string, at time.Time) error {
	j := refreshJob(environmentID, accountID, at)
	if at.IsZero() {
		_, err := t.ExecContext(ctx, "DELETE FROM job WHERE unique_key = $1 AND state IN ('ready', 'waiting')", j.UniqueKey)
		return wrap(err, "take the refresh of account %s away", accountID)
	}
	return rescheduleJob(ctx, t, j)
}
