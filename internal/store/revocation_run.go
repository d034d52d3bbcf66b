package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

// scopeText identifies a scope, so that a run that was stopped is found again.
func scopeText(s sinew.RevocationScope) string {
	return jsonx.NewBuilder(6).Set("environment_id", jsonx.StringValue(s.EnvironmentID)).Set("integration", jsonx.StringValue(s.IntegrationName)).
		Set("tenant_id", jsonx.StringValue(s.TenantID)).Set("created_before", jsonx.IntValue(boundMillis(s.CreatedBefore))).Set("all", jsonx.BoolValue(s.All)).Set("keep", jsonx.BoolValue(s.Keep)).Value().String()
}

func readScope(text string) (s sinew.RevocationScope, err error) {
	v, err := jsonx.ParseString(text)
	if err != nil {
		return s, fmt.Errorf("read scope: %w", err)
	}
	s = sinew.RevocationScope{EnvironmentID: v.Get("environment_id").Str(), IntegrationName: v.Get("integration").Str(), TenantID: v.Get("tenant_id").Str()}
	if ms, _ := v.Get("created_before").Int(); ms != 0 {
		s.CreatedBefore = fromMillis(ms)
	}
	s.All, _ = v.Get("all").Bool()
	s.Keep, _ = v.Get("keep").Bool()
	return s, nil
}

func boundMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

const runColumns = "id, scope, created_at, finished_at"

func scanRun(row scanner) (r sinew.RevocationRun, err error) {
	var scope string
	var created int64
	var finished sql.NullInt64
	if err := row.Scan(&r.ID, &scope, &created, &finished); err != nil {
		return r, err
	}
	r.CreatedAt, r.FinishedAt = fromMillis(created), fromNullMillis(finished)
	r.Scope, err = readScope(scope)
	return r, err
}

// BeginRevocationRun begins a run over a scope, or returns the one over the same
// scope that was not finished.
func (s *Store) BeginRevocationRun(ctx context.Context, scope sinew.RevocationScope) (run sinew.RevocationRun, resumed bool, err error) {
	err = s.changeAside(ctx, func(t *tx) error {
		run, err = scanRun(t.QueryRowContext(ctx, "SELECT "+runColumns+" FROM revocation_run WHERE scope = $1 AND finished_at IS NULL ORDER BY created_at LIMIT 1", scopeText(scope)))
		if resumed = err == nil; resumed || !isNoRows(err) {
			return err
		}
		run = sinew.RevocationRun{ID: newID(), Scope: scope, CreatedAt: s.Now()}
		_, err := t.ExecContext(ctx, "INSERT INTO revocation_run (id, scope, created_at) VALUES ($1, $2, $3)", run.ID, scopeText(scope), run.CreatedAt.UnixMilli())
		return err
	})
	return run, resumed, wrap(err, "begin a run of revocations")
}

// RevocationRun returns a run. NotFound when there is none of that id.
func (s *Store) RevocationRun(ctx context.Context, id string) (sinew.RevocationRun, error) {
	run, err := scanRun(s.reader.QueryRowContext(ctx, "SELECT "+runColumns+" FROM revocation_run WHERE id = $1", id))
	return run, notFound("Revocation run", id, err)
}

// FinishRevocationRun ends a run: the next one over its scope is another one.
func (s *Store) FinishRevocationRun(ctx context.Context, id string) error {
	_, err := s.writer.ExecContext(ctx, "UPDATE revocation_run SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL", id, s.Now().UnixMilli())
	return wrap(err, "finish revocation run %s", id)
}

// AllEnvironments returns the ids of the environments of every team.
func (s *Store) AllEnvironments(ctx context.Context) ([]string, error) {
	ids, err := queryRows(ctx, s.reader, func(row scanner) (id string, err error) { return id, row.Scan(&id) }, "SELECT id FROM environment ORDER BY id")
	return ids, wrap(err, "list environments")
}

// giveUpBatch is how many accounts give their credential up at once.
const giveUpBatch = 100

// ActionGiveUp is the audit action for a run that reaches an environment.
const ActionGiveUp = "accounts.revoke"

// GiveUp takes the next accounts of an environment into a run: it deletes them, or,
// where the run keeps them, changes them by update. next is where the batch after it
// begins, nil at the end. Accounts that are in the run already are passed over.
func (s *Store) GiveUp(ctx context.Context, run sinew.RevocationRun, environmentID string, after *sinew.Position, remove func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (next *sinew.Position, err error) {
	q := sinew.ListQuery{Filter: scopeFilter(run.Scope), Sort: sinew.Sort{Ascending: true}, Limit: giveUpBatch, After: after}
	text, args, err := s.accounts.statement(q, s.dialect.using(accountIndex(q)), accountScope+
		" AND NOT EXISTS (SELECT 1 FROM token_revocation r WHERE r.run_id = $2 AND r.account_id = a.id)", environmentID, run.ID)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, func(t *tx) error {
		rows, err := queryRows(ctx, t, scanAccountRow, text+s.deleteLock(), args...)
		if err != nil {
			return err
		}
		page := s.accounts.cut(rows, q)
		next = page.Next
		if len(page.Rows) > 0 && after == nil {
			entry := sinew.AuditEntry{EnvironmentID: environmentID, Actor: "operator", Action: ActionGiveUp, Subject: run.ID, Detail: sinew.JSON(scopeText(run.Scope)), CreatedAt: s.Now()}
			if err := insertAudit(ctx, t, entry); err != nil {
				return err
			}
		}
		if !run.Scope.Keep {
			return s.deleteAccounts(ctx, t, environmentID, page.Rows, remove)
		}
		for _, row := range page.Rows {
			row.EnvironmentID = environmentID
			if err := s.giveUpKept(ctx, t, row.IntegratedAccount, remove, update); err != nil {
				return fmt.Errorf("account %s: %w", row.ID, err)
			}
		}
		return nil
	})
	return next, wrap(err, "give credentials up")
}

// giveUpKept takes the credential of an account that stays. One that cannot be read
// is written down as such, and opens nothing anyway.
func (s *Store) giveUpKept(ctx context.Context, t *tx, a sinew.IntegratedAccount, remove func(r *sinew.AccountRecord, readable bool) sinew.AccountRemoval, update func(*sinew.AccountRecord) ([]sinew.Event, error)) error {
	_, err := s.updateAccount(ctx, t, a.EnvironmentID, a.ID, 0, update)
	if _, tampered := errors.AsType[*seal.TamperedError](err); !tampered {
		return err
	}
	found, err := s.removables(ctx, t, a.EnvironmentID, []string{a.ID})
	if err != nil || len(found) == 0 {
		return err
	}
	gone := remove(&found[0].AccountRecord, found[0].Readable)
	return insertRevocations(ctx, t, []sinew.Revocation{revocationOf(found[0].IntegratedAccount, gone.Revocation)})
}

// scopeFilter matches the accounts of a scope within their environment.
func scopeFilter(s sinew.RevocationScope) sinew.Filter {
	all := sinew.And{}
	if s.IntegrationName != "" {
		all = append(all, sinew.Compare{Field: "integration.name", Op: sinew.OpEqual, Values: []any{s.IntegrationName}})
	}
	if s.TenantID != "" {
		all = append(all, sinew.Compare{Field: "tenant_id", Op: sinew.OpEqual, Values: []any{s.TenantID}})
	}
	if !s.CreatedBefore.IsZero() {
		all = append(all, sinew.Compare{Field: sinew.SortCreatedAt, Op: sinew.OpLess, Values: []any{s.CreatedBefore}})
	}
	return all
}

// AccountsInScope returns one page of the accounts that a run over a scope would
// take.
func (s *Store) AccountsInScope(ctx context.Context, scope sinew.RevocationScope, environmentID string, after *sinew.Position) (sinew.Page[sinew.AccountView], error) {
	return s.ListAccounts(ctx, environmentID, sinew.ListQuery{Filter: scopeFilter(scope), Sort: sinew.Sort{Ascending: true}, Limit: giveUpBatch, After: after})
}

// RevocationReport counts what became of the credentials of a run.
func (s *Store) RevocationReport(ctx context.Context, runID string) ([]sinew.RevocationCount, error) {
	counts, err := queryRows(ctx, s.reader, func(row scanner) (c sinew.RevocationCount, err error) {
		return c, row.Scan(&c.IntegrationName, &c.Outcome, &c.Detail, &c.Count, &c.Untried)
	}, `SELECT integration_name, outcome, detail, count(*), count(*) FILTER (WHERE outcome = 'pending' AND attempts = 0)
		FROM token_revocation WHERE run_id = $1 GROUP BY integration_name, outcome, detail ORDER BY integration_name, outcome, detail`, runID)
	return counts, wrap(err, "report on revocation run %s", runID)
}
