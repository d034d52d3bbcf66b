package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

const attemptColumns = `id, environment_id, link_token_id, environment_integration_id, integration_name, method, mode, status, coalesce(account_id, ''),
	error, error_type, error_code, requested_scopes, granted_scopes, secret, deadline, created_at, updated_at`

const attemptFrom = "SELECT " + attemptColumns + " FROM connect_attempt"

// attemptRow is an attempt with its secret as it is stored.
type attemptRow struct {
	sinew.ConnectAttempt
	sealed []byte
}

func scanAttempt(row scanner) (a attemptRow, err error) {
	var requested, granted string
	var deadline, created, updated int64
	if err := row.Scan(&a.ID, &a.EnvironmentID, &a.LinkTokenID, &a.EnvironmentIntegrationID, &a.IntegrationName, &a.Method, &a.Mode, &a.Status, &a.AccountID,
		&a.Error.Message, &a.Error.Type, &a.Error.Code, &requested, &granted, &a.sealed, &deadline, &created, &updated); err != nil {
		return a, err
	}
	a.Deadline, a.CreatedAt, a.UpdatedAt = fromMillis(deadline), fromMillis(created), fromMillis(updated)
	if err := jsonx.Unmarshal([]byte(requested), &a.RequestedScopes); err != nil {
		return a, fmt.Errorf("attempt %s: read scopes: %w", a.ID, err)
	}
	return a, wrap(jsonx.Unmarshal([]byte(granted), &a.GrantedScopes), "attempt %s: read scopes", a.ID)
}

func attemptPlace(a sinew.ConnectAttempt) seal.Place {
	return seal.Place{EnvironmentID: a.EnvironmentID, Table: "connect_attempt", RowID: a.ID, Column: "secret", Version: 1}
}

// textsColumn is what columns hold of a list of texts; nil is null.
func textsColumn(texts []string) (string, error) {
	if texts == nil {
		return string(sinew.NullJSON), nil
	}
	text, err := jsonx.Marshal(texts)
	return string(text), err
}

// orNil stores no hash as NULL.
func orNil(hash []byte) any {
	if hash == nil {
		return nil
	}
	return hash
}

// CreateAttempt writes an attempt with its secret, and gives it its id. One with a
// PollAt gets its job.
func (s *Store) CreateAttempt(ctx context.Context, a *sinew.ConnectAttempt, h sinew.AttemptHashes) error {
	a.ID = newID()
	requested, err := textsColumn(a.RequestedScopes)
	if err != nil {
		return err
	}
	err = s.sealing(func() error {
		sealed, err := s.sealColumn(ctx, attemptPlace(*a), string(a.Secret))
		if err != nil {
			return err
		}
		return s.changeAside(ctx, func(t *tx) error {
			if err := insertAttempt(ctx, t, *a, h, requested, sealed); err != nil || a.PollAt.IsZero() {
				return err
			}
			return insertJobs(ctx, t, []sinew.Job{deviceJob(*a)})
		})
	})
	if isForeignKey(err) {
		return sinew.NotFound("Link token", a.LinkTokenID)
	}
	return wrap(err, "write attempt to connect %s", a.IntegrationName)
}

func insertAttempt(ctx context.Context, t *tx, a sinew.ConnectAttempt, h sinew.AttemptHashes, requested string, sealed any) error {
	_, err := t.ExecContext(ctx, `INSERT INTO connect_attempt (id, environment_id, link_token_id, environment_integration_id, integration_name, method, mode, status,
			error, error_type, error_code, requested_scopes, granted_scopes, ticket_hash, state_hash, secret, deadline, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'null', $13, $14, $15, $16, $17, $17)`,
		a.ID, a.EnvironmentID, a.LinkTokenID, a.EnvironmentIntegrationID, a.IntegrationName, string(a.Method), string(a.Mode), string(a.Status),
		a.Error.Message, a.Error.Type, a.Error.Code, requested, orNil(h.Ticket), orNil(h.State), sealed, a.Deadline.UnixMilli(), a.CreatedAt.UnixMilli())
	return err
}

// Attempt returns an attempt of a link token, without its secret. NotFound when
// there is none.
func (s *Store) Attempt(ctx context.Context, linkTokenID, id string) (sinew.ConnectAttempt, error) {
	row, err := scanAttempt(s.reader.QueryRowContext(ctx, attemptFrom+" WHERE link_token_id = $1 AND id = $2", linkTokenID, id))
	return row.ConnectAttempt, notFound("Attempt", id, err)
}

// LastAttempt returns the newest attempt of a link token that is in a state,
// without its secret. NotFound when there is none.
func (s *Store) LastAttempt(ctx context.Context, linkTokenID string, status sinew.AttemptStatus) (sinew.ConnectAttempt, error) {
	row, err := scanAttempt(s.reader.QueryRowContext(ctx, attemptFrom+" WHERE link_token_id = $1 AND status = $2 ORDER BY id DESC LIMIT 1", linkTokenID, string(status)))
	return row.ConnectAttempt, notFound("Attempt", linkTokenID, err)
}

// StartAttempt binds an attempt that waits for its customer to a browser, which
// shows the attempt's ticket, and gives it a state, unless the vendor has one
// already (OAuth 1.0a). The browser that it is bound to may do so again. NotFound for every other.
func (s *Store) StartAttempt(ctx context.Context, id string, h sinew.AttemptHashes, browser []byte, deadline time.Time) (sinew.ConnectAttempt, error) {
	now := s.Now()
	row, err := scanAttempt(s.writer.QueryRowContext(ctx, `UPDATE connect_attempt SET browser_hash = $3, state_hash = CASE WHEN method = 'oauth' THEN state_hash ELSE $4 END, deadline = $5, updated_at = $6
		WHERE id = $1 AND ticket_hash = $2 AND status = 'redirect' AND deadline > $6 AND (browser_hash IS NULL OR browser_hash = $7) RETURNING `+attemptColumns,
		id, h.Ticket, h.Browser, orNil(h.State), deadline.UnixMilli(), now.UnixMilli(), orNil(browser)))
	return s.openAttempt(ctx, row, notFound("Attempt", id, err))
}

// ReturnAttempt takes the state that a vendor sent back, which works once, and
// marks the attempt as asking for its token until a deadline. browser is the hash
// of the one that has started it. NotFound when no attempt waits for the state.
func (s *Store) ReturnAttempt(ctx context.Context, state []byte, deadline time.Time) (a sinew.ConnectAttempt, browser []byte, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		now := s.Now().UnixMilli()
		if err := t.QueryRowContext(ctx, "SELECT id, browser_hash FROM connect_attempt WHERE state_hash = $1 AND status = 'redirect' AND deadline > $2"+s.dialect.forUpdate, state, now).
			Scan(&a.ID, &browser); err != nil {
			return notFound("Attempt", "", err)
		}
		row, err := scanAttempt(t.QueryRowContext(ctx, `UPDATE connect_attempt SET status = 'exchanging', state_hash = NULL, ticket_hash = NULL, deadline = $2, updated_at = $3
			WHERE id = $1 RETURNING `+attemptColumns, a.ID, deadline.UnixMilli(), now))
		if err != nil {
			return err
		}
		a, err = s.openAttempt(ctx, row, nil)
		return err
	})
	return a, browser, wrap(err, "take the state of an attempt")
}

func (s *Store) openAttempt(ctx context.Context, row attemptRow, err error) (sinew.ConnectAttempt, error) {
	if err != nil {
		return sinew.ConnectAttempt{}, err
	}
	text, err := s.openColumn(ctx, attemptPlace(row.ConnectAttempt), row.sealed)
	row.Secret = sinew.JSON(text)
	return row.ConnectAttempt, s.failClosed(ctx, row.EnvironmentID, err)
}

// FailAttempt ends an attempt that has not stored an account, and writes the event of
// that. It does nothing to one that has, or that has ended.
func (s *Store) FailAttempt(ctx context.Context, id string, e sinew.AttemptError, event sinew.AttemptEvent) error {
	return wrap(s.failAttempts(ctx, e, event, "id = $5", id), "end attempt %s", id)
}

// ExpireAttempt is FailAttempt for one whose deadline has passed.
func (s *Store) ExpireAttempt(ctx context.Context, id string, e sinew.AttemptError, event sinew.AttemptEvent) error {
	return wrap(s.failAttempts(ctx, e, event, "id = $5 AND deadline <= $4", id), "end attempt %s", id)
}

// ExpireAttempts ends all attempts in a state whose deadline has passed, so that
// nothing stays of those that nobody asks for.
func (s *Store) ExpireAttempts(ctx context.Context, status sinew.AttemptStatus, e sinew.AttemptError, event sinew.AttemptEvent) error {
	return wrap(s.failAttempts(ctx, e, event, "status = $5 AND deadline <= $4", string(status)), "end attempts")
}

// EndExchanges ends the attempts that ask a vendor for a token: at the start of the
// only node there is, nobody does any more. Those on another device are left to
// their jobs.
func (s *Store) EndExchanges(ctx context.Context, e sinew.AttemptError, event sinew.AttemptEvent) error {
	return wrap(s.failAttempts(ctx, e, event, "status = 'exchanging' AND mode <> $5", string(sinew.ModeDevice)), "end the attempts of a node that is gone")
}

// failBatch is how many attempts one transaction ends.
const failBatch = 200

func (s *Store) failAttempts(ctx context.Context, e sinew.AttemptError, event sinew.AttemptEvent, which string, args ...any) error {
	args = append([]any{e.Message, e.Type, e.Code, s.Now().UnixMilli()}, args...)
	const open = "status IN ('redirect', 'exchanging') AND "
	statement := `UPDATE connect_attempt SET status = 'failed', error = $1, error_type = $2, error_code = $3, updated_at = $4,
		ticket_hash = NULL, state_hash = NULL, secret = NULL
		WHERE ` + open + which + " AND id IN (SELECT id FROM connect_attempt WHERE " + open + which + " ORDER BY id LIMIT " + strconv.Itoa(failBatch) + ") RETURNING " + attemptColumns
	for {
		failed := 0
		err := s.changeAside(ctx, func(t *tx) error {
			rows, err := queryRows(ctx, t, scanAttempt, statement, args...)
			failed = len(rows)
			if err != nil || failed == 0 {
				return err
			}
			return insertAttemptEvents(ctx, t, rows, event)
		})
		if err != nil || failed < failBatch {
			return err
		}
	}
}

// insertAttemptEvents writes the events of attempts that have failed.
func insertAttemptEvents(ctx context.Context, t *tx, rows []attemptRow, event sinew.AttemptEvent) error {
	for _, row := range rows {
		token, err := scanLinkToken(t.QueryRowContext(ctx, linkTokenFrom+" WHERE t.id = $1", row.LinkTokenID))
		if err != nil {
			return fmt.Errorf("read the link token of attempt %s: %w", row.ID, err)
		}
		if err := insertEvent(ctx, t, event(row.ConnectAttempt, token.LinkToken)); err != nil {
			return err
		}
	}
	return nil
}
