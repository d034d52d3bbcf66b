package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// installAttempts is how often a job that installs an account is tried: crashes
// and an absent database count, steps that fail do not.
const installAttempts = 20

// installJob takes an account through the steps that stand before active. One
// that stands in line serves a later run too, and two of an account never run
// side by side.
func installJob(environmentID, accountID string) sinew.Job {
	args := jsonx.ObjectValue(
		jsonx.Member{Name: "environment_id", Value: jsonx.StringValue(environmentID)},
		jsonx.Member{Name: "integrated_account_id", Value: jsonx.StringValue(accountID)},
	)
	key := "install:" + accountID
	return sinew.Job{
		Kind: sinew.JobInstallAccount, EnvironmentID: environmentID, Args: sinew.JSON(args.String()),
		UniqueKey: key, ConcurrencyKey: key, MaxAttempts: installAttempts,
	}
}

// beginInstall begins a run of an account's steps with the change that asks for
// it. A run under way loses its account.
func beginInstall(ctx context.Context, t *tx, a sinew.IntegratedAccount, run string) error {
	switch run {
	case "":
		return nil
	case sinew.NoInstall:
		_, err := t.ExecContext(ctx, "DELETE FROM account_install WHERE account_id = $1", a.ID)
		return wrap(err, "end install of account %s", a.ID)
	}
	_, err := t.ExecContext(ctx, `INSERT INTO account_install (account_id, run, state) VALUES ($1, $2, NULL)
		ON CONFLICT (account_id) DO UPDATE SET run = excluded.run, state = NULL`, a.ID, run)
	if err != nil {
		return fmt.Errorf("begin install of account %s: %w", a.ID, err)
	}
	return insertJobs(ctx, t, []sinew.Job{installJob(a.EnvironmentID, a.ID)})
}

func installPlace(accountID, run string) string { return "install/" + accountID + "/" + run }

// InstallRun returns how far the steps of an account are; the zero run when there
// are none to take.
func (s *Store) InstallRun(ctx context.Context, environmentID, accountID string) (sinew.InstallRun, error) {
	var r sinew.InstallRun
	var sealed []byte
	err := s.reader.QueryRowContext(ctx, "SELECT run, state FROM account_install WHERE account_id = $1", accountID).Scan(&r.ID, &sealed)
	if isNoRows(err) {
		return sinew.InstallRun{}, nil
	}
	if err != nil || sealed == nil {
		return r, wrap(err, "read install of account %s", accountID)
	}
	r.State, err = s.OpenBlob(ctx, environmentID, installPlace(accountID, r.ID), sealed)
	return r, wrap(err, "read install of account %s", accountID)
}

// SaveInstall keeps how far a run is, nil for no further than before, and what of
// it the account shows. current is false, and nothing is kept, when the run has
// lost its account to a later one.
func (s *Store) SaveInstall(ctx context.Context, environmentID, accountID string, r sinew.InstallRun, shown sinew.JSON) (current bool, err error) {
	if err := s.vault.Warm(ctx, environmentID); err != nil {
		return false, wrap(err, "save install of account %s", accountID)
	}
	err = s.change(ctx, func(t *tx) error {
		if current, err = holdsInstall(ctx, t, environmentID, accountID, r.ID); err != nil || !current {
			return err
		}
		if r.State != nil {
			sealed, err := s.sealBlob(ctx, environmentID, installPlace(accountID, r.ID), r.State)
			if err != nil {
				return err
			}
			if _, err := t.ExecContext(ctx, "UPDATE account_install SET state = $2 WHERE account_id = $1", accountID, sealed); err != nil {
				return err
			}
		}
		_, err := t.ExecContext(ctx, "UPDATE integrated_account SET last_action_result = $2 WHERE id = $1", accountID, string(shown))
		return err
	})
	return current, wrap(err, "save install of account %s", accountID)
}

// FinishInstall ends a run and changes its account by what came of it. current is
// false, and nothing is changed, when the run has lost its account to a later one.
func (s *Store) FinishInstall(ctx context.Context, environmentID, accountID, run string, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (current bool, err error) {
	err = s.change(ctx, func(t *tx) error {
		if current, err = holdsInstall(ctx, t, environmentID, accountID, run); err != nil || !current {
			return err
		}
		if _, err := t.ExecContext(ctx, "DELETE FROM account_install WHERE account_id = $1", accountID); err != nil {
			return err
		}
		_, err := s.updateAccount(ctx, t, environmentID, accountID, 0, update)
		return err
	})
	return current, wrap(s.failClosed(ctx, environmentID, err), "finish install of account %s", accountID)
}

// holdsInstall locks an account and reports whether a run is the newest one of it.
func holdsInstall(ctx context.Context, t *tx, environmentID, accountID, run string) (bool, error) {
	if err := t.store.lockAccountRow(ctx, t, environmentID, accountID); err != nil {
		return false, err
	}
	var newest string
	err := t.QueryRowContext(ctx, "SELECT run FROM account_install WHERE account_id = $1", accountID).Scan(&newest)
	if isNoRows(err) {
		return false, nil
	}
	return newest == run, err
}
