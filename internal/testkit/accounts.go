package testkit

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	_ "modernc.org/sqlite"             // registers the driver "sqlite"
)

// The shape of the accounts that LoadAccounts makes.
const (
	LoadedIntegrations = 50
	LoadedTenants      = 100_000
)

// LoadAccounts fills a migrated database with n accounts of an environment,
// spread over LoadedIntegrations integrations and LoadedTenants tenants: fast,
// by SQL alone, and the same rows each time. Nineteen in twenty are active, one
// in a hundred is a sandbox, one in fifty has SuperQuery.
func LoadAccounts(t testing.TB, db Database, teamID, environmentID string, n int) {
	t.Helper()
	conn := openRaw(t, db)
	defer conn.Close()
	statements := loadStatements(db, teamID, environmentID, n)
	if n >= manyAccounts {
		statements = withoutIndexes(t, conn, db, statements)
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("load accounts: %v\n%s", err, statement)
		}
	}
}

// manyAccounts is where building the indexes afterwards, sorted, becomes faster
// than growing them row by row.
const manyAccounts = 100_000

// withoutIndexes drops the indexes of accounts before the statements and makes
// them again behind them.
func withoutIndexes(t testing.TB, conn *sql.DB, db Database, statements []string) []string {
	t.Helper()
	query := "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'integrated_account' AND sql IS NOT NULL"
	if db.URL != "" {
		query = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'integrated_account' AND indexname LIKE 'account_%'"
	}
	rows, err := conn.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatalf("list indexes: %v", err)
	}
	defer rows.Close()
	var drops, creates []string
	for rows.Next() {
		var name, create string
		if err := rows.Scan(&name, &create); err != nil {
			t.Fatalf("list indexes: %v", err)
		}
		drops, creates = append(drops, "DROP INDEX "+name), append(creates, create)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("list indexes: %v", err)
	}
	last := len(statements) - 1 // what looks at the data comes after the indexes
	return slices.Concat(drops, statements[:last], creates, statements[last:])
}

// openRaw opens a database beside the store, to see or do what it would not.
func openRaw(t testing.TB, db Database) *sql.DB {
	t.Helper()
	driver, address := "pgx", db.URL
	if db.URL == "" {
		driver, address = "sqlite", "file:"+filepath.Join(db.Dir, "sinew.db")+"?_pragma=busy_timeout(60000)&_pragma=cache_size(-400000)&_pragma=synchronous(OFF)&_pragma=temp_store(MEMORY)"
	}
	conn, err := sql.Open(driver, address)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	if db.URL == "" {
		conn.SetMaxOpenConns(1)
	}
	return conn
}

// Raw opens a database beside the store and closes it with the test.
func Raw(t testing.TB, db Database) *sql.DB {
	t.Helper()
	conn := openRaw(t, db)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// RawLogs is Raw for the log records, which SQLite keeps in a database of their own.
func RawLogs(t testing.TB, db Database) *sql.DB {
	t.Helper()
	if db.URL != "" {
		return Raw(t, db)
	}
	conn, err := sql.Open("sqlite", "file:"+filepath.Join(db.Dir, "sinew-log.db")+"?_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatalf("open log database: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// baseTime is when the first account was created, in milliseconds: 2024-01-01.
const baseTime = 1_704_067_200_000

func loadStatements(db Database, teamID, environmentID string, n int) []string {
	series := func(n int) string {
		return fmt.Sprintf("WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d)", n)
	}
	pad := "printf('%012d', i)"
	config := "'{\"label\":\"App\",\"base_url\":\"https://vendor.example\",\"note\":\"' || hex(zeroblob(470)) || '\"}'"
	if db.URL != "" {
		pad = "lpad(i::text, 12, '0')"
		config = "'{\"label\":\"App\",\"base_url\":\"https://vendor.example\",\"note\":\"' || repeat('0', 940) || '\"}'"
		series = func(n int) string {
			return fmt.Sprintf("WITH s(i) AS (SELECT i::bigint FROM generate_series(1, %d) AS i)", n)
		}
	}
	id := func(kind int) string { return fmt.Sprintf("'0000000%d-0000-7000-8000-' || %s", kind, pad) }
	installation := "'00000002-0000-7000-8000-' || " + replacePad(pad, fmt.Sprintf("(1 + i %% %d)", LoadedIntegrations))
	statements := []string{
		series(LoadedIntegrations) + fmt.Sprintf(` INSERT INTO integration (id, team_id, name, category, is_beta, sharing, config, version, created_at, updated_at)
			SELECT %s, '%s', 'app-' || i, 'crm', i < 0, 'deny', %s, 1, %d + i, %d + i FROM s`, id(1), teamID, config, baseTime, baseTime),
		series(LoadedIntegrations) + fmt.Sprintf(` INSERT INTO environment_integration (id, environment_id, integration_id, is_enabled, show_in_catalog, override, version, created_at, updated_at)
			SELECT %s, '%s', %s, i > 0, i > 0, '{}', 1, %d + i, %d + i FROM s`, id(2), environmentID, id(1), baseTime, baseTime),
		series(n) + fmt.Sprintf(` INSERT INTO integrated_account (id, environment_id, environment_integration_id, integration_name, tenant_id, name, status,
				is_sandbox, authentication_method, region, super_query, context, unified_model_override, integration_override, secret_version, event_sequence, created_at, updated_at)
			SELECT %s, '%s', %s, 'app-' || (1 + i %% %d), 'tenant-' || (i * 7919 %% %d), 'Account ' || i,
				CASE WHEN i %% 100 < 95 THEN 'active' WHEN i %% 100 < 97 THEN 'needs_reauth' WHEN i %% 100 < 98 THEN 'connecting' WHEN i %% 100 < 99 THEN 'post_install_error' ELSE 'validation_error' END,
				(i * 31) %% 100 = 8, CASE WHEN i %% 3 = 0 THEN 'oauth2' ELSE 'api_key' END, CASE WHEN i %% 5 = 0 THEN 'eu' ELSE 'wnam' END,
				CASE WHEN (i * 17) %% 50 = 3 THEN 'apac' END, '{"subdomain":"tenant","plan":"gold"}', '{}', '{}', 1, 0,
				%d + i * 1000, %d + i * 1000 + (i * 104729) %% 1000000000 FROM s`,
			id(3), environmentID, installation, LoadedIntegrations, LoadedTenants, baseTime, baseTime),
		"UPDATE change_counter SET value = value + 1 WHERE name = 'definition'",
	}
	if db.URL != "" {
		return append(statements, "ANALYZE")
	}
	return statements
}

// replacePad pads another number than the series' own.
func replacePad(pad, number string) string {
	if pad[0] == 'p' {
		return "printf('%012d', " + number + ")"
	}
	return "lpad(" + number + "::text, 12, '0')"
}
