package store_test

import (
	"database/sql"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/testkit"
)

// TestBothSchemasAreOne compares what the migrations of the two engines make:
// tables, columns with whether they take NULL, and indexes with their columns.
// What SQLite counts itself, change_stamp, is PostgreSQL's alone.
func TestBothSchemasAreOne(t *testing.T) {
	t.Parallel()
	// The subtest's name is how the test script sees that PostgreSQL took part.
	t.Run(testkit.Postgres, func(t *testing.T) {
		lite, pg := newWorld(t, testkit.NewSQLite(t)), newWorld(t, testkit.NewPostgres(t))
		have := lines(t, testkit.Raw(t, lite.db), `
			SELECT m.name || '.' || c.name || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN ' NOT NULL' ELSE '' END
			FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%'`)
		want := lines(t, testkit.Raw(t, pg.db), `
			SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%' AND table_name NOT LIKE 'request_log%' AND table_name <> 'change_stamp'`)
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("columns, PostgreSQL and SQLite: %s", diff)
		}
		have = lines(t, testkit.Raw(t, lite.db), `
			SELECT i.name || ' (' || group_concat(c.name, ', ') || ')'
			FROM sqlite_master i JOIN pragma_index_info(i.name) c WHERE i.type = 'index' AND i.sql IS NOT NULL GROUP BY i.name`)
		want = lines(t, testkit.Raw(t, pg.db), `
			SELECT c.relname || ' (' || string_agg(a.attname, ', ' ORDER BY k.n) || ')'
			FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace
			CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k(att, n) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.att
			WHERE s.nspname = 'public' AND t.relname NOT LIKE 'goose_%' AND t.relname NOT LIKE 'request_log%' AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conindid = x.indexrelid)
			GROUP BY c.relname`)
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("indexes, PostgreSQL and SQLite: %s", diff)
		}
	})
}

// lines reads a query of one text column, sorted.
func lines(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("the query found nothing")
	}
	sort.Strings(all)
	return all
}
