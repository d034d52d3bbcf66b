package store_test

import (
	"database/sql"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
)

// bareStatement reads the rows of a page by their ids, all columns that a page
// shows.
func bareStatement(rows []sinew.AccountView) string {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = "'" + row.ID + "'"
	}
	return `SELECT id, environment_id, environment_integration_id, integration_name, tenant_id, name, status, last_error, last_action_result,
		last_forbidden_error, is_sandbox, authentication_method, region, super_query, context, object_store, unified_model_override,
		integration_override, static_gate_id, created_at, updated_at FROM integrated_account WHERE id IN (` + strings.Join(ids, ",") + ")"
}

// readBare runs a bare statement and reads its rows into plain variables.
func (w *world) readBare(statement *sql.Stmt) time.Duration {
	started := time.Now()
	rows, err := statement.Query()
	w.must(err)
	defer rows.Close()
	var texts [19]sql.NullString
	targets := make([]any, 0, 21)
	for i := range texts {
		targets = append(targets, &texts[i])
	}
	var created, updated int64
	targets = append(targets, &created, &updated)
	for rows.Next() {
		w.must(rows.Scan(targets...))
	}
	w.must(rows.Err())
	return time.Since(started)
}
