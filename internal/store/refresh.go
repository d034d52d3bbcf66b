package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	// One statement, since a thousand accounts may want it at once. A row that it
	// leaves alone may be free by the time it is looked at.
	for range attempts {
		claim = sinew.RefreshClaim{EnvironmentID: environmentID, AccountID: accountID, Node: node}
		if s.dialect.oneWriter {
			err = s.changeTogether(ctx, func(ctx context.Context, t *tx) error { return s.tryClaim(ctx, t, &claim, force, lease) })
		} else {
			err = s.tryClaim(ctx, s.writer, &claim, force, lease)
		}
		if err == nil {
			return claim, sinew.RefreshState{TokenFence: claim.TokenFence}, true, nil
		}
		if isForeignKey(err) {
			// The account was deleted while the statement waited for its lease.
			err = sinew.NotFound("Integrated account", accountID)
		}
		if !isNoRows(err) {
			break
		}
		l, leaseErr := scanLease(s.writer.QueryRowContext(ctx, "SELECT "+leaseColumns+` FROM credential_lease WHERE account_id = $2
			AND EXISTS (SELECT 1 FROM integrated_account a WHERE a.environment_id = $1 AND a.id = $2)`, environmentID, accountID))
		if err = notFound("Integrated account", accountID, leaseErr); err != nil {
			break
		}
		state = l.RefreshState
		now := s.Now()
		if l.node != "" && l.HeldUntil.After(now) {
			return sinew.RefreshClaim{}, state, false, nil
		}
		if state.HeldUntil = (time.Time{}); l.NotBefore.After(now) && !force {
			return sinew.RefreshClaim{}, state, false, nil
		}
		err = sinew.Errorf(sinew.KindUnavailable, "The refresh is claimed by one node after the other")
	}
	return sinew.RefreshClaim{}, state, false, wrap(err, "claim refresh of account %s", accountID)
}

// tryClaim fills in a claim; no row when the lease is not free.
func (s *Store) tryClaim(ctx context.Context, q querier, c *sinew.RefreshClaim, force bool, lease time.Duration) error {
	now := s.Now()
	return q.QueryRowContext(ctx, claimStatement, c.EnvironmentID, c.AccountID, c.Node, now.Add(lease).UnixMilli(), now.UnixMilli(), force, false).
		Scan(&c.Fence, &c.TokenFence, &c.Unresolved, &c.Failures)
}

// claimStatement takes the lease if it is free, and says whether its last holder
// may have asked: one who did not say how it ended.
const claimStatement = `INSERT INTO credential_lease (account_id, fence, token_fence, node, lease_until, unresolved, failures)
	SELECT id, 1, 0, $3, $4, $7, 0 FROM integrated_account WHERE environment_id = $1 AND id = $2
	ON CONFLICT (account_id) DO UPDATE SET fence = credential_lease.fence + 1, node = excluded.node, lease_until = excluded.lease_until,
		unresolved = credential_lease.unresolved OR credential_lease.node IS NOT NULL
	WHERE (credential_lease.node IS NULL OR coalesce(credential_lease.lease_until, 0) <= $5) AND (coalesce(credential_lease.not_before, 0) <= $5 OR $6)
	RETURNING fence, token_fence, unresolved, failures`

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
// clears what was known of failures. It returns the account as it is then. stored
// is false, and nothing is changed, when a token of a larger fence is there
// already. A claim that was lost meanwhile may still store, as long as nobody else
// has: its token is the newest that there is.
func (s *Store) StoreToken(ctx context.Context, c sinew.RefreshClaim, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (r sinew.AccountRecord, stored bool, err error) {
	err = s.changeTogether(ctx, func(ctx context.Context, t *tx) error {
		_, err := s.updateAccount(ctx, t, c.EnvironmentID, c.AccountID, c.Fence, func(now *sinew.AccountRecord) ([]sinew.Event, error) {
			// The account's row is locked by now, in the order of all other changes.
			if err := takeFence(ctx, t, c); err != nil {
				return nil, err
			}
			events, err := update(now)
			r = *now
			return events, err
		})
		return err
	})
	if errors.Is(err, errOvertaken) {
		return sinew.AccountRecord{}, false, nil
	}
	if err == nil {
		s.noteChange(ctx)
	}
	return r, err == nil, wrap(s.failClosed(ctx, c.EnvironmentID, err), "store token of account %s", c.AccountID)
}

// errOvertaken says that a later token is there.
var errOvertaken = errors.New("overtaken")

// takeFence makes a claim's fence that of the token that is there, and ends the
// claim if it is the newest. If it is not, another node may have asked with the token
// before, and the vendor may take the new one back for that: whoever finds that out is
// to know why.
func takeFence(ctx context.Context, t *tx, c sinew.RefreshClaim) error {
	older, err := affected(t.ExecContext(ctx, `UPDATE credential_lease SET token_fence = $2, unresolved = fence <> $2, failures = 0, not_before = NULL, last_error = NULL,
		node = CASE WHEN fence = $2 THEN NULL ELSE node END, lease_until = CASE WHEN fence = $2 THEN NULL ELSE lease_until END WHERE account_id = $1 AND token_fence < $2`, c.AccountID, c.Fence))
	if err == nil && !older {
		return errOvertaken
	}
	return wrap(err, "take the fence of account %s", c.AccountID)
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
		if err != nil || l.fence != c.Fence {
			return err
		}
		if l.TokenFence != c.TokenFence {
			return endBeside(ctx, t, c)
		}
		if condemn != nil {
			if _, err := s.updateAccount(ctx, t, c.EnvironmentID, c.AccountID, c.Fence, condemn); err != nil {
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

// endBeside ends the newest claim when the token of an older one has come after it: its
// node was taken for dead.
func endBeside(ctx context.Context, t *tx, c sinew.RefreshClaim) error {
	_, err := t.ExecContext(ctx, "UPDATE credential_lease SET node = NULL, lease_until = NULL WHERE account_id = $1", c.AccountID)
	return err
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
// elsewhere, such as a new connection. It returns the token's own fence.
func tokenReplaced(ctx context.Context, t *tx, environmentID, accountID string) (fence int64, err error) {
	if _, err := lockLease(ctx, t, environmentID, accountID); err != nil {
		return 0, err
	}
	err = t.QueryRowContext(ctx, `UPDATE credential_lease SET fence = fence + 1, token_fence = fence + 1, node = NULL, lease_until = NULL, unresolved = $2, failures = 0,
		not_before = NULL, last_error = NULL WHERE account_id = $1 RETURNING token_fence`, accountID, false).Scan(&fence)
	return fence, wrap(err, "fence the refreshes of account %s", accountID)
}

// tokenPart is what of an account's secrets refreshing is about.
func tokenPart(secrets sinew.JSON) string {
	v, err := jsonx.ParseString(string(secrets.Or(sinew.EmptyObject)))
	if err != nil {
		return string(secrets)
	}
	return v.At("oauth", "token").String()
}

// refreshJob is the job that refreshes an account's token, which has a fence, ahead
// of its expiry.
func refreshJob(environmentID, accountID string, fence int64, at time.Time) sinew.Job {
	args := jsonx.ObjectValue(
		jsonx.Member{Name: "environment_id", Value: jsonx.StringValue(environmentID)},
		jsonx.Member{Name: "integrated_account_id", Value: jsonx.StringValue(accountID)},
		jsonx.Member{Name: "token_fence", Value: jsonx.IntValue(fence)},
	)
	return sinew.Job{
		Kind: sinew.JobRefreshCredentials, EnvironmentID: environmentID, Args: sinew.JSON(args.String()), UniqueKey: "refresh:" + accountID, RunAt: at, MaxAttempts: 1,
	}
}

// scheduleRefresh puts the refresh of an account at a time, or takes it away. fence
// is that of its token, 0 where the token has not changed.
func scheduleRefresh(ctx context.Context, t *tx, environmentID, accountID string, fence int64, at time.Time) error {
	if fence == 0 && !at.IsZero() {
		err := t.QueryRowContext(ctx, "SELECT token_fence FROM credential_lease WHERE account_id = $1", accountID).Scan(&fence)
		if err != nil && !isNoRows(err) {
			return fmt.Errorf("read the fence of account %s: %w", accountID, err)
		}
	}
	j := refreshJob(environmentID, accountID, fence, at)
	if at.IsZero() {
		_, err := t.ExecContext(ctx, "DELETE FROM job WHERE unique_key = $1 AND state IN ('ready', 'waiting')", j.UniqueKey)
		return wrap(err, "take the refresh of account %s away", accountID)
	}
	return rescheduleJob(ctx, t, j)
}
