package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

// removal says what is written when an account is deleted. It gets the account with its
// secrets, or without them where they cannot be read.
type removal = func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval

// DeleteAccount removes an account and all that hangs on it, and writes its
// event and what becomes of its credential. NotFound when the environment has none
// of that id. remove gets the account with its secrets, or without them where they
// cannot be read.
func (s *Store) DeleteAccount(ctx context.Context, environmentID, id string, remove removal) error {
	err := s.change(ctx, func(t *tx) error {
		row, err := scanAccountRow(t.QueryRowContext(ctx, s.accounts.selects+" WHERE "+accountScope+" AND a.id = $2"+s.deleteLock(), environmentID, id))
		if err != nil {
			return notFound("Integrated account", id, err)
		}
		return s.deleteAccounts(ctx, t, environmentID, []accountRow{row}, remove)
	})
	return wrap(err, "delete account %s", id)
}

func (s *Store) deleteLock() string {
	if s.dialect.forUpdate == "" {
		return ""
	}
	return s.dialect.forUpdate + " OF a"
}

// deleteAccounts removes accounts that the transaction has locked, by the same number of
// statements however many they are.
func (s *Store) deleteAccounts(ctx context.Context, t *tx, environmentID string, rows []accountRow, remove removal) error {
	if len(rows) == 0 {
		return nil
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	all, err := s.removables(ctx, t, environmentID, ids)
	if err != nil {
		return err
	}
	var events []sinew.Event
	var revocations []sinew.Revocation
	for i := range all {
		gone := remove(&all[i].AccountRecord, all[i].Readable)
		events = append(events, gone.Event)
		revocations = append(revocations, revocationOf(all[i].IntegratedAccount, gone.Revocation))
		if err := switchBlobs(ctx, t, all[i].ObjectStore, nil, time.Now()); err != nil {
			return err
		}
	}
	if err := insertAccountEvents(ctx, t, events); err != nil {
		return err
	}
	if err := insertRevocations(ctx, t, revocations); err != nil {
		return err
	}
	in, args := idList(1, ids)
	_, err = t.ExecContext(ctx, "DELETE FROM integrated_account WHERE id IN ("+in+")", args...)
	return wrap(err, "delete %d accounts", len(ids))
}

// Removables returns accounts as they would be given up, in the order of their ids:
// with their secrets where they can be read, which does not keep them from going. Those
// that are not there are left out.
func (s *Store) Removables(ctx context.Context, environmentID string, ids []string) ([]sinew.RemovableAccount, error) {
	all, err := s.removables(ctx, s.reader, environmentID, ids)
	return all, wrap(err, "read %d accounts", len(ids))
}

func (s *Store) removables(ctx context.Context, q querier, environmentID string, ids []string) ([]sinew.RemovableAccount, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	in, args := idList(2, ids)
	whole, err := queryRows(ctx, q, scanWholeAccount, s.accountWhole+" WHERE "+accountScope+" AND a.id IN ("+in+") ORDER BY a.id", append([]any{environmentID}, args...)...)
	if err != nil {
		return nil, err
	}
	rows := make([]accountRow, len(whole))
	byID := make(map[string]*wholeRow, len(whole))
	for i := range whole {
		rows[i], byID[whole[i].ID] = whole[i].accountRow, &whole[i]
	}
	views, err := s.attach(ctx, q, rows)
	if err != nil {
		return nil, err
	}
	all := make([]sinew.RemovableAccount, len(views))
	for i, view := range views {
		row := byID[view.ID]
		r := lockedRecord{secretVersion: row.secretVersion}
		r.AccountView, r.SandboxOf = view, row.copied
		err := s.openAccount(ctx, &r, row.sealed)
		if _, tampered := errors.AsType[*seal.TamperedError](err); err != nil && !tampered {
			return nil, err
		}
		all[i] = sinew.RemovableAccount{AccountRecord: r.AccountRecord, Readable: err == nil}
	}
	return all, nil
}

// rowValues returns the parameters of an INSERT of several rows.
func rowValues(rows, columns int) string {
	var text strings.Builder
	for n := range rows * columns {
		switch {
		case n == 0:
			text.WriteString("(")
		case n%columns == 0:
			text.WriteString("), (")
		default:
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "$%d", n+1)
	}
	return text.String() + ")"
}

// DeleteAccounts removes the accounts with these ids, or those of a tenant, in
// one transaction. limit bounds how many it would touch: with more, nothing is
// deleted and the error is Invalid.
func (s *Store) DeleteAccounts(ctx context.Context, environmentID string, ids []string, tenantID string, limit int, remove removal) (matched int, err error) {
	w := &where{args: []any{environmentID}}
	condition := ""
	if tenantID != "" {
		condition = "a.tenant_id = " + w.param(tenantID)
	} else {
		condition = w.in(column{name: "a.id"}, sinew.Compare{Op: sinew.OpIn, Values: anys(ids)})
	}
	err = s.change(ctx, func(t *tx) error {
		rows, err := queryRows(ctx, t, scanAccountRow, s.accounts.selects+" WHERE "+accountScope+" AND "+condition+
			fmt.Sprintf(" ORDER BY a.id LIMIT %d", limit+1)+s.deleteLock(), w.args...)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			return sinew.InvalidField("tenant_id", "too_many", "the tenant has more than %d accounts; delete them by ids in portions", limit)
		}
		for batch := range slices.Chunk(rows, giveUpBatch) {
			if err := s.deleteAccounts(ctx, t, environmentID, batch, remove); err != nil {
				return err
			}
		}
		matched = len(rows)
		return nil
	})
	return matched, wrap(err, "delete accounts")
}
