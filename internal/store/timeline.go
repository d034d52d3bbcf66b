package store

import (
	"context"
	"fmt"

	"github.com/sinewhq/sinew"
)

const timelineFrom = `SELECT id, environment_id, account_id, coalesce(from_status, ''), to_status, cause, event, coalesce(reason, ''), actor, created_at
	FROM account_timeline`

func scanStatusChange(row scanner) (c sinew.StatusChange, err error) {
	var at int64
	err = row.Scan(&c.ID, &c.EnvironmentID, &c.AccountID, &c.From, &c.To, &c.Trigger, &c.Event, &c.Reason, &c.Actor, &at)
	c.At = fromMillis(at)
	return c, err
}

// insertTimeline writes the steps of an account with the change that takes them.
func insertTimeline(ctx context.Context, t *tx, a sinew.IntegratedAccount, changes []sinew.StatusChange) error {
	for _, c := range changes {
		_, err := t.ExecContext(ctx, `INSERT INTO account_timeline (id, environment_id, account_id, from_status, to_status, cause, event, reason, actor, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			newID(), a.EnvironmentID, a.ID, orNull(c.From), string(c.To), c.Trigger, string(c.Event), orNull(c.Reason), c.Actor, c.At.UnixMilli())
		if err != nil {
			return fmt.Errorf("write status change of account %s: %w", a.ID, err)
		}
	}
	return nil
}

// Timeline returns one page of the status changes of an account. NotFound when
// the environment has none of that id.
func (s *Store) Timeline(ctx context.Context, environmentID, accountID string, q sinew.ListQuery) (sinew.Page[sinew.StatusChange], error) {
	list := listing[sinew.StatusChange]{
		selects: timelineFrom, scan: scanStatusChange,
		columns: columns{"id": {name: "id"}, "to": {name: "to_status"}, "trigger": {name: "cause"}, "created_at": {name: "created_at"}},
		position: func(c sinew.StatusChange, sort sinew.Sort) sinew.Position {
			return stamped(c.At, c.At, c.ID, sort)
		},
	}
	if _, err := s.Account(ctx, environmentID, accountID); err != nil {
		return sinew.Page[sinew.StatusChange]{}, err
	}
	page, err := list.page(ctx, s.reader, q, "account_id = $1", accountID)
	return page, wrap(err, "read timeline of account %s", accountID)
}
