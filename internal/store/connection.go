package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

// The refusals of storing a connection.
var (
	errTokenBurnt   = sinew.Errorf(sinew.KindConflict, "The link token has been used already").WithCode("link_token_used")
	errAttemptEnded = sinew.Errorf(sinew.KindConflict, "The attempt has ended already").WithCode("attempt_ended")
	// Another attempt of the token has stored an account meanwhile: it is that one
	// which is to be connected now.
	errTokenBound = sinew.Errorf(sinew.KindConflict, "The link token has another account by now").WithCode(sinew.CodeLinkTokenBound)
)

// ConnectAccount writes a new account as CreateAccount does, for an attempt that
// has asked the vendor: its link token is bound to the account, and burnt if the
// account is active at once. Conflict when the token is burnt or the attempt has
// ended, and with code sinew.CodeLinkTokenBound when the token has got another
// account.
func (s *Store) ConnectAccount(ctx context.Context, c sinew.ConnectClaim, r sinew.AccountRecord, events []sinew.Event) error {
	return wrap(s.sealing(func() error {
		row, err := s.newAccountRow(ctx, r)
		if err != nil {
			return err
		}
		return s.change(ctx, func(t *tx) error {
			if err := claimConnection(ctx, t, c); err != nil {
				return err
			}
			if err := insertAccount(ctx, t, row, events); err != nil {
				return err
			}
			return bindConnection(ctx, t, c, r.IntegratedAccount)
		})
	}), "connect account %s", r.ID)
}

// ReconnectAccount is ConnectAccount for an account that is there.
func (s *Store) ReconnectAccount(ctx context.Context, c sinew.ConnectClaim, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (sinew.AccountView, error) {
	var changed sinew.AccountView
	err := s.change(ctx, func(t *tx) (err error) {
		// The account first, in the order of all other changes.
		if err := s.lockAccountRow(ctx, t, c.EnvironmentID, c.AccountID); err != nil {
			return err
		}
		if err := claimConnection(ctx, t, c); err != nil {
			return err
		}
		if changed, err = s.updateAccount(ctx, t, c.EnvironmentID, c.AccountID, 0, update); err != nil {
			return err
		}
		return bindConnection(ctx, t, c, changed.IntegratedAccount)
	})
	return changed, wrap(s.failClosed(ctx, c.EnvironmentID, err), "connect account %s", c.AccountID)
}

// claimConnection locks the link token and the attempt of a claim, and makes sure
// that both are still good.
func claimConnection(ctx context.Context, t *tx, c sinew.ConnectClaim) error {
	var account string
	var burnt bool
	err := t.QueryRowContext(ctx, "SELECT coalesce(account_id, ''), burnt_at IS NOT NULL FROM link_token WHERE environment_id = $1 AND id = $2"+t.store.dialect.forUpdate,
		c.EnvironmentID, c.LinkTokenID).Scan(&account, &burnt)
	switch {
	case err != nil:
		return notFound("Link token", c.LinkTokenID, err)
	case burnt:
		return errTokenBurnt
	case account != c.Bound:
		return errTokenBound
	}
	var good bool
	if err := t.QueryRowContext(ctx, `SELECT status = 'exchanging' OR $2 AND (status = 'redirect' AND mode = 'device' OR status = 'failed' AND error_code IN ('interrupted', 'expired'))
		FROM connect_attempt WHERE id = $1`+t.store.dialect.forUpdate, c.AttemptID, c.Late).Scan(&good); err != nil {
		return notFound("Attempt", c.AttemptID, err)
	}
	if !good {
		return errAttemptEnded
	}
	return nil
}

// bindConnection ties an attempt and its link token to the account that was
// stored for it.
func bindConnection(ctx context.Context, t *tx, c sinew.ConnectClaim, a sinew.IntegratedAccount) error {
	granted, err := textsColumn(c.GrantedScopes)
	if err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, "UPDATE link_token SET account_id = $2 WHERE id = $1", c.LinkTokenID, a.ID); err != nil {
		return fmt.Errorf("bind link token: %w", err)
	}
	_, err = t.ExecContext(ctx, `UPDATE connect_attempt SET status = 'working', account_id = $2, granted_scopes = $3, secret = NULL, error = '', error_type = '', error_code = '',
		updated_at = $4 WHERE id = $1`,
		c.AttemptID, a.ID, granted, t.store.Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("bind attempt: %w", err)
	}
	return settleAttempts(ctx, t, a)
}

// settleAttempts ends the attempts whose account is through with its steps. A
// success burns their link tokens; after a failure these are good for another
// try.
func settleAttempts(ctx context.Context, t *tx, a sinew.IntegratedAccount) error {
	now := t.store.Now().UnixMilli()
	switch a.Status {
	case sinew.StatusConnecting:
		return nil
	case sinew.StatusActive:
		_, err := t.ExecContext(ctx, `UPDATE link_token SET burnt_at = $2, context_secret = NULL WHERE burnt_at IS NULL
			AND id IN (SELECT link_token_id FROM connect_attempt WHERE account_id = $1 AND status = 'working')`, a.ID, now)
		if err != nil {
			return fmt.Errorf("burn link token: %w", err)
		}
		_, err = t.ExecContext(ctx, "UPDATE connect_attempt SET status = 'succeeded', updated_at = $2 WHERE account_id = $1 AND status = 'working'", a.ID, now)
		return wrap(err, "end attempts of account %s", a.ID)
	}
	kind := sinew.LinkConnectionError
	switch a.Status {
	case sinew.StatusPostInstallError:
		kind = sinew.LinkPostInstallError
	case sinew.StatusValidationError:
		kind = sinew.LinkValidationError
	}
	_, err := t.ExecContext(ctx, "UPDATE connect_attempt SET status = 'failed', error = $2, error_type = $3, error_code = $3, updated_at = $4 WHERE account_id = $1 AND status = 'working'",
		a.ID, a.LastError, kind, now)
	return wrap(err, "end attempts of account %s", a.ID)
}
