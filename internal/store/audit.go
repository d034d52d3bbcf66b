package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/seal"
)

// ActionTampered is the audit action for a sealed column that does not belong
// where it was found.
const ActionTampered = "credential.tampered"

// WriteAudit records that somebody saw or did something.
func (s *Store) WriteAudit(ctx context.Context, entry sinew.AuditEntry) error {
	return s.change(ctx, func(t *tx) error { return insertAudit(ctx, t, entry) })
}

func insertAudit(ctx context.Context, t *tx, e sinew.AuditEntry) error {
	_, err := t.ExecContext(ctx, `INSERT INTO audit (id, environment_id, actor, action, subject, detail, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		newID(), e.EnvironmentID, e.Actor, e.Action, e.Subject, string(e.Detail.Or(sinew.EmptyObject)), e.CreatedAt.UnixMilli())
	return wrap(err, "write audit entry %s", e.Action)
}

// AuditEntries returns the entries of an environment, newest first, at most
// limit.
func (s *Store) AuditEntries(ctx context.Context, environmentID string, limit int) ([]sinew.AuditEntry, error) {
	return queryRows(ctx, s.reader, func(row scanner) (sinew.AuditEntry, error) {
		var e sinew.AuditEntry
		var created int64
		err := row.Scan(&e.ID, &e.EnvironmentID, &e.Actor, &e.Action, &e.Subject, &e.Detail, &created)
		e.CreatedAt = fromMillis(created)
		return e, err
	}, `SELECT id, environment_id, actor, action, subject, detail, created_at FROM audit
		WHERE environment_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`, environmentID, limit)
}

// failClosed leaves an audit entry when a sealed column did not authenticate,
// which means that somebody moved or changed it in the database. It is called
// after the transaction has ended, and returns the error as it was.
func (s *Store) failClosed(ctx context.Context, environmentID string, err error) error {
	var tampered *seal.TamperedError
	if !errors.As(err, &tampered) {
		return err
	}
	entry := sinew.AuditEntry{
		EnvironmentID: environmentID,
		Actor:         "system",
		Action:        ActionTampered,
		Subject:       tampered.Subject,
		CreatedAt:     time.Now(),
	}
	if auditErr := s.WriteAudit(ctx, entry); auditErr != nil {
		return errors.Join(err, fmt.Errorf("audit the tampering: %w", auditErr))
	}
	return err
}
