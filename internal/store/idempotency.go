package store

import (
	"context"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

func answerPlace(c sinew.IdempotentCall) seal.Place {
	return seal.Place{EnvironmentID: c.EnvironmentID, Table: "idempotent_call", RowID: c.ID, Column: "answer"}
}

// ClaimCall writes a call that is about to be made, and reports whether it is
// the first under its id: only then may it be made. Otherwise it returns what
// is known of the first one. Calls whose time has passed are dropped. NotFound
// when the account is not there.
func (s *Store) ClaimCall(ctx context.Context, c sinew.IdempotentCall) (first bool, known sinew.IdempotentCall, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		if _, err := t.ExecContext(ctx, "DELETE FROM idempotent_call WHERE expires_at < $1", c.CreatedAt.UnixMilli()); err != nil {
			return err
		}
		first, err = affected(t.ExecContext(ctx, `INSERT INTO idempotent_call (id, environment_id, account_id, state, request_hash, held_until, expires_at, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
			c.ID, c.EnvironmentID, c.AccountID, string(sinew.IdempotentRunning), c.RequestHash, c.HeldUntil.UnixMilli(), c.ExpiresAt.UnixMilli(), c.CreatedAt.UnixMilli()))
		if isForeignKey(err) {
			return sinew.NotFound("Integrated account", c.AccountID)
		}
		return err
	})
	if err != nil || first {
		return first, c, wrap(err, "claim call %s", c.ID)
	}
	known, err = s.Call(ctx, c.EnvironmentID, c.ID)
	return false, known, err
}

// Call returns an idempotent call. NotFound when there is none of that id.
func (s *Store) Call(ctx context.Context, environmentID, id string) (sinew.IdempotentCall, error) {
	c := sinew.IdempotentCall{ID: id, EnvironmentID: environmentID}
	var answer []byte
	var held, expires, created int64
	err := s.reader.QueryRowContext(ctx, `SELECT account_id, state, request_hash, answer, held_until, expires_at, created_at
		FROM idempotent_call WHERE environment_id = $1 AND id = $2`, environmentID, id).
		Scan(&c.AccountID, &c.State, &c.RequestHash, &answer, &held, &expires, &created)
	if err != nil {
		return c, notFound("Idempotent call", id, err)
	}
	c.HeldUntil, c.ExpiresAt, c.CreatedAt = fromMillis(held), fromMillis(expires), fromMillis(created)
	text, err := s.openColumn(ctx, answerPlace(c), answer)
	c.Answer = []byte(text)
	return c, s.failClosed(ctx, environmentID, err)
}

// HoldCall says that the process which makes a call still lives.
func (s *Store) HoldCall(ctx context.Context, id string, until time.Time) error {
	_, err := s.writer.ExecContext(ctx, "UPDATE idempotent_call SET held_until = $2 WHERE id = $1 AND state = 'running'", id, until.UnixMilli())
	return wrap(err, "hold call %s", id)
}

// FinishCall keeps the answer to a call, encrypted.
func (s *Store) FinishCall(ctx context.Context, c sinew.IdempotentCall) error {
	return wrap(s.sealing(func() error {
		answer, err := s.sealColumn(ctx, answerPlace(c), string(c.Answer))
		if err != nil {
			return err
		}
		_, err = s.writer.ExecContext(ctx, "UPDATE idempotent_call SET state = $2, answer = $3, request_hash = $4 WHERE id = $1",
			c.ID, string(sinew.IdempotentDone), answer, c.RequestHash)
		return err
	}), "finish call %s", c.ID)
}

// DropCall forgets a call that never reached its vendor.
func (s *Store) DropCall(ctx context.Context, id string) error {
	if _, err := s.writer.ExecContext(ctx, "DELETE FROM idempotent_call WHERE id = $1", id); err != nil {
		return fmt.Errorf("drop call %s: %w", id, err)
	}
	return nil
}
