package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
)

// insertEvent writes an event in the transaction of the change that caused it.
// An event of an account gets the account's next sequence number, which the
// account's row counts so that the numbers have no gap.
func insertEvent(ctx context.Context, t *tx, e sinew.Event) error {
	e.ID = newID()
	if e.AccountID != "" {
		err := t.QueryRowContext(ctx, "UPDATE integrated_account SET event_sequence = event_sequence + 1 WHERE id = $1 RETURNING event_sequence",
			e.AccountID).Scan(&e.Sequence)
		if err != nil {
			return fmt.Errorf("number event %s of account %s: %w", e.Type, e.AccountID, err)
		}
	}
	_, err := t.ExecContext(ctx, `INSERT INTO event (id, environment_id, type, account_id, sequence, payload, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.ID, e.EnvironmentID, string(e.Type), orNull(e.AccountID), e.Sequence, string(e.Payload), e.CreatedAt.UnixMilli())
	if err != nil {
		return fmt.Errorf("write event %s: %w", e.Type, err)
	}
	return announce(ctx, t, []sinew.Event{e})
}

// insertAccountEvents writes events of one type, of different accounts of one
// environment.
func insertAccountEvents(ctx context.Context, t *tx, events []sinew.Event) error {
	if len(events) == 1 {
		return insertEvent(ctx, t, events[0])
	}
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.AccountID
	}
	type numbered struct {
		account  string
		sequence int64
	}
	in, args := idList(1, ids)
	numbers, err := queryRows(ctx, t, func(row scanner) (n numbered, err error) { return n, row.Scan(&n.account, &n.sequence) },
		"UPDATE integrated_account SET event_sequence = event_sequence + 1 WHERE id IN ("+in+") RETURNING id, event_sequence", args...)
	if err != nil {
		return fmt.Errorf("number events of %d accounts: %w", len(events), err)
	}
	sequences := make(map[string]int64, len(numbers))
	for _, n := range numbers {
		sequences[n.account] = n.sequence
	}
	args = nil
	events = slices.Clone(events)
	for i := range events {
		e := &events[i]
		e.ID, e.Sequence = newID(), sequences[e.AccountID]
		args = append(args, e.ID, e.EnvironmentID, string(e.Type), e.AccountID, e.Sequence, string(e.Payload), e.CreatedAt.UnixMilli())
	}
	_, err = t.ExecContext(ctx, "INSERT INTO event (id, environment_id, type, account_id, sequence, payload, created_at) VALUES "+rowValues(len(events), 7), args...)
	if err != nil {
		return fmt.Errorf("write %d events: %w", len(events), err)
	}
	return announce(ctx, t, events)
}

// announce hands events of one type to everybody who waits for them, in their
// transaction.
func announce(ctx context.Context, t *tx, events []sinew.Event) error {
	if err := fanOut(ctx, t, events); err != nil {
		return err
	}
	return startWorkflows(ctx, t, events)
}

func insertEvents(ctx context.Context, t *tx, events []sinew.Event) error {
	for _, e := range events {
		if err := insertEvent(ctx, t, e); err != nil {
			return err
		}
	}
	return nil
}

// Events returns the events of an environment from the oldest on, at most
// limit of them behind the one with the id after ("" from the beginning).
func (s *Store) Events(ctx context.Context, environmentID, after string, limit int) ([]sinew.Event, error) {
	return queryRows(ctx, s.reader, scanEvent, `SELECT `+eventColumns+` FROM event e
		WHERE environment_id = $1 AND (created_at, id) > (COALESCE((SELECT created_at FROM event WHERE id = $2), -1), $2)
		ORDER BY created_at, id LIMIT $3`, environmentID, after, limit)
}

// ListEvents returns one page of an environment's events.
func (s *Store) ListEvents(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Event], error) {
	list := listing[sinew.Event]{
		selects: "SELECT " + eventColumns + " FROM event e", alias: "e.", scan: scanEvent,
		columns: columns{"id": {name: "e.id"}, "event_type": {name: "e.type"}, "integrated_account_id": {name: "e.account_id", nullable: true}, "created_at": {name: "e.created_at"}},
		position: func(e sinew.Event, sort sinew.Sort) sinew.Position {
			return stamped(e.CreatedAt, e.CreatedAt, e.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "e.environment_id = $1", environmentID)
	return page, wrap(err, "list events")
}

// PruneEvents deletes events from before a moment, but those that a webhook has yet to
// get or a workflow run goes by.
func (s *Store) PruneEvents(ctx context.Context, before time.Time) (pruned int64, err error) {
	for after := ""; ; {
		// Ids are in the order of time, so that the oldest are at hand.
		ids, err := queryRows(ctx, s.reader, func(row scanner) (id string, err error) { return id, row.Scan(&id) }, `SELECT id FROM (
				SELECT id, created_at FROM event WHERE id > $1 ORDER BY id LIMIT `+strconv.Itoa(pruneBatch)+`) e WHERE created_at < $2 ORDER BY id`, after, before.UnixMilli())
		if err != nil || len(ids) == 0 {
			return pruned, wrap(err, "find old events")
		}
		in, args := idList(1, ids)
		result, err := s.writer.ExecContext(ctx, `DELETE FROM event WHERE id IN (`+in+`)
			AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.event_id = event.id) AND NOT EXISTS (SELECT 1 FROM workflow_run r WHERE r.event_id = event.id)`, args...)
		if err != nil {
			return pruned, fmt.Errorf("prune events: %w", err)
		}
		n, err := result.RowsAffected()
		if pruned += n; err != nil {
			return pruned, err
		}
		after = ids[len(ids)-1]
	}
}

const eventColumns = "e.id, e.environment_id, e.type, coalesce(e.account_id, ''), e.sequence, e.payload, e.created_at"

func scanEvent(row scanner) (e sinew.Event, err error) {
	var created int64
	err = row.Scan(&e.ID, &e.EnvironmentID, &e.Type, &e.AccountID, &e.Sequence, &e.Payload, &created)
	e.CreatedAt = fromMillis(created)
	return e, err
}
