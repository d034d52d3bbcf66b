package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

const revocationColumns = `id, environment_id, account_id, integration_name, tenant_id, authentication_method, coalesce(run_id, ''), outcome, detail, attempts, created_at, finished_at`

func scanRevocation(row scanner) (r sinew.Revocation, err error) {
	var created int64
	var finished sql.NullInt64
	err = row.Scan(&r.ID, &r.EnvironmentID, &r.AccountID, &r.IntegrationName, &r.TenantID, &r.AuthenticationMethod, &r.RunID, &r.Outcome, &r.Detail, &r.Attempts, &created, &finished)
	r.CreatedAt, r.FinishedAt = fromMillis(created), fromNullMillis(finished)
	return r, err
}

func revocationPlace(r sinew.Revocation) seal.Place {
	return seal.Place{EnvironmentID: r.EnvironmentID, Table: "token_revocation", RowID: r.ID, Column: "request_secret"}
}

// revocationAttempts is more often than a job is tried in the time that it has: it
// ends by the clock.
const revocationAttempts = 10_000

// parallelRevocations is how many tokens of one integration are given back at
// once, on all nodes together: a vendor that hangs does not hold up the others.
const parallelRevocations = 16

// revocationJob gives a token back.
func revocationJob(r sinew.Revocation) sinew.Job {
	args := jsonx.ObjectValue(jsonx.Member{Name: "id", Value: jsonx.StringValue(r.ID)})
	return sinew.Job{
		Kind: sinew.JobRevokeToken, EnvironmentID: r.EnvironmentID, Args: sinew.JSON(args.String()), UniqueKey: "revoke:" + r.ID,
		ConcurrencyKey: "revoke:" + r.EnvironmentID + ":" + r.IntegrationName, Limit: parallelRevocations, MaxAttempts: revocationAttempts,
	}
}

// revocationOf is the record of a credential that an account gives up.
func revocationOf(a sinew.IntegratedAccount, r sinew.Revocation) sinew.Revocation {
	r.ID, r.EnvironmentID, r.AccountID = newID(), a.EnvironmentID, a.ID
	r.IntegrationName, r.TenantID, r.AuthenticationMethod = a.IntegrationName, a.TenantID, a.AuthenticationMethod
	return r
}

// accountRevocations are the records of several credentials of one account.
func accountRevocations(a sinew.IntegratedAccount, given []sinew.Revocation) []sinew.Revocation {
	records := make([]sinew.Revocation, len(given))
	for i, r := range given {
		records[i] = revocationOf(a, r)
	}
	return records
}

// insertRevocations writes down credentials with the change that gives them up,
// and the jobs that tell the vendors.
func insertRevocations(ctx context.Context, t *tx, revocations []sinew.Revocation) error {
	if len(revocations) == 0 {
		return nil
	}
	now := t.store.Now()
	var args []any
	var jobs []sinew.Job
	for _, r := range revocations {
		sealed, err := t.store.sealColumn(ctx, revocationPlace(r), string(r.Requests))
		if err != nil {
			return err
		}
		finished := now
		if r.Outcome == sinew.RevocationPending {
			finished = time.Time{}
			jobs = append(jobs, revocationJob(r))
		}
		args = append(args, r.ID, r.EnvironmentID, r.AccountID, r.IntegrationName, r.TenantID, string(r.AuthenticationMethod),
			orNull(r.RunID), string(r.Outcome), r.Detail, 0, sealed, now.UnixMilli(), millis(finished))
	}
	_, err := t.ExecContext(ctx, `INSERT INTO token_revocation (id, environment_id, account_id, integration_name, tenant_id, authentication_method,
		run_id, outcome, detail, attempts, request_secret, created_at, finished_at) VALUES `+rowValues(len(revocations), 13), args...)
	if err != nil {
		return fmt.Errorf("write %d revocations: %w", len(revocations), err)
	}
	return insertJobs(ctx, t, jobs)
}

// Revoke writes down a credential that was issued for an account which is gone by
// now.
func (s *Store) Revoke(ctx context.Context, a sinew.IntegratedAccount, r sinew.Revocation) error {
	return s.changeAside(ctx, func(t *tx) error { return insertRevocations(ctx, t, []sinew.Revocation{revocationOf(a, r)}) })
}

// PendingRevocation returns a revocation with what its vendor is to be asked.
// NotFound when there is none of that id. Requests that cannot be opened are an
// error, and leave an audit entry.
func (s *Store) PendingRevocation(ctx context.Context, id string) (sinew.Revocation, error) {
	var sealed []byte
	r, err := scanRevocation(alsoScanner{s.reader.QueryRowContext(ctx, "SELECT "+revocationColumns+", request_secret FROM token_revocation WHERE id = $1", id), []any{&sealed}})
	if err != nil {
		return r, notFound("Token revocation", id, err)
	}
	text, err := s.openColumn(ctx, revocationPlace(r), sealed)
	r.Requests = sinew.JSON(text)
	return r, s.failClosed(ctx, r.EnvironmentID, err)
}

// RevocationAttempted counts a try that had no outcome, and says why.
func (s *Store) RevocationAttempted(ctx context.Context, id, detail string) error {
	_, err := s.writer.ExecContext(ctx, "UPDATE token_revocation SET attempts = attempts + 1, detail = $2 WHERE id = $1 AND outcome = 'pending'", id, detail)
	return wrap(err, "book a try of revocation %s", id)
}

// ActionRevoked is the audit action for a credential whose vendor was told that it
// is given up.
const ActionRevoked = "credential.revoked"

// FinishRevocation writes the outcome of a revocation, forgets its secrets, and
// leaves an audit entry. One that has an outcome keeps it.
func (s *Store) FinishRevocation(ctx context.Context, r sinew.Revocation) error {
	err := s.changeAside(ctx, func(t *tx) error {
		now := s.Now()
		first, err := affected(t.ExecContext(ctx, `UPDATE token_revocation SET outcome = $2, detail = $3, attempts = attempts + 1, request_secret = NULL, finished_at = $4
			WHERE id = $1 AND outcome = 'pending'`, r.ID, string(r.Outcome), r.Detail, now.UnixMilli()))
		if err != nil || !first {
			return err
		}
		detail := jsonx.NewBuilder(4).Set("revocation_id", jsonx.StringValue(r.ID)).Set("integration", jsonx.StringValue(r.IntegrationName)).
			Set("outcome", jsonx.StringValue(string(r.Outcome))).Set("detail", jsonx.StringValue(r.Detail)).Value()
		return insertAudit(ctx, t, sinew.AuditEntry{
			EnvironmentID: r.EnvironmentID, Actor: "job:" + sinew.JobRevokeToken, Action: ActionRevoked, Subject: r.AccountID, Detail: sinew.JSON(detail.String()), CreatedAt: now,
		})
	})
	return wrap(err, "finish revocation %s", r.ID)
}

// Revocations returns one page of the revocations of an environment.
func (s *Store) Revocations(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.Revocation], error) {
	list := listing[sinew.Revocation]{
		selects: "SELECT " + revocationColumns + " FROM token_revocation", scan: scanRevocation,
		columns: columns{
			"id": {name: "id"}, "integrated_account_id": {name: "account_id"}, "tenant_id": {name: "tenant_id"}, "integration": {name: "integration_name"},
			"outcome": {name: "outcome"}, "revocation_run_id": {name: "run_id", nullable: true}, "created_at": {name: "created_at"},
		},
		position: func(r sinew.Revocation, sort sinew.Sort) sinew.Position {
			return stamped(r.CreatedAt, r.CreatedAt, r.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list revocations")
}
