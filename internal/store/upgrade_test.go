package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestUpgradesKeepTheData is S7: a database of each former version, with rows in every
// table, becomes one of the newest. Every value is what it was, the schema is that of a
// new database, and nothing refers to what is not there.
func TestUpgradesKeepTheData(t *testing.T) {
	t.Parallel()
	versions, err := store.Versions()
	if err != nil || len(versions) < 14 {
		t.Fatalf("versions %v, %v", versions, err)
	}
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		want := newSchema(t, db)
		for _, version := range versions[:len(versions)-1] {
			t.Run(fmt.Sprint("from ", version), func(t *testing.T) {
				// One after the other: there is a database for each.
				own := testkit.NewSQLite(t)
				if db.Name == testkit.Postgres {
					own = testkit.NewPostgres(t)
				}
				f := newFormer(t, own, version)
				f.fill(3)
				before := f.dump()
				f.upgrade()
				f.upgrade() // to where it is
				f.same(before, want)
			})
		}
	})
}

// TestInterruptedUpgradesGoOn kills a process again and again that upgrades a database
// of the first version.
func TestInterruptedUpgradesGoOn(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		want := newSchema(t, db)
		f := newFormer(t, db, 1)
		f.fill(50)
		before := f.dump()
		seed := uint64(time.Now().UnixNano())
		random := rand.New(rand.NewPCG(seed, 0))
		t.Logf("seed %d", seed)
		versions := map[int64]bool{}
		for round := range 12 {
			f.interrupt(time.Duration(random.IntN(20*(round+1))) * time.Millisecond)
			versions[f.version()] = true
		}
		t.Logf("interrupted at the versions %v", versions)
		f.upgrade()
		f.same(before, want)
		if twice := f.texts("SELECT CAST(version_id AS TEXT) FROM goose_db_version GROUP BY version_id HAVING count(*) > 1"); len(twice) > 0 {
			t.Errorf("migrations that were written down twice: %v", twice)
		}
	})
}

// upgradeVariable makes this program, run by a test, upgrade the database of a folder
// or address and end.
const upgradeVariable = "SINEW_TEST_UPGRADE"

// upgradeAsChild does so.
func upgradeAsChild(target string) {
	config := store.Config{DataDir: target}
	if store.IsPostgres(target) {
		config = store.Config{DatabaseURL: target}
	}
	fmt.Println("begin")
	if _, err := store.Migrate(context.Background(), config); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// former is a database with a former version of the schema.
type former struct {
	t      *testing.T
	db     testkit.Database
	raw    *sql.DB
	tables []table
}

// table is one of the former schema.
type table struct {
	name    string
	columns []tableColumn
}

type tableColumn struct {
	name, kind string
	// table and column are what it refers to, "" for nothing.
	table, column string
}

func newFormer(t *testing.T, db testkit.Database, version int64) *former {
	t.Helper()
	f := &former{t: t, db: db}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(store.MigrateTo(t.Context(), f.config(), version))
	f.raw = testkit.Raw(t, db)
	// Both engines have the same tables; SQLite tells about them in fewer words.
	twin := testkit.NewSQLite(t)
	must(store.MigrateTo(t.Context(), store.Config{DataDir: twin.Dir}, version))
	f.tables = readTables(t, testkit.Raw(t, twin))
	return f
}

func (f *former) config() store.Config {
	return store.Config{DataDir: f.db.Dir, DatabaseURL: f.db.URL}
}

func readTables(t *testing.T, db *sql.DB) (all []table) {
	t.Helper()
	query := func(text string, scan func(*sql.Rows) error) {
		t.Helper()
		rows, err := db.QueryContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := scan(rows); err != nil {
				t.Fatal(err)
			}
		}
	}
	query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%' ORDER BY name", func(r *sql.Rows) error {
		all = append(all, table{})
		return r.Scan(&all[len(all)-1].name)
	})
	for i := range all {
		query("SELECT name, type FROM pragma_table_info('"+all[i].name+"')", func(r *sql.Rows) error {
			var c tableColumn
			err := r.Scan(&c.name, &c.kind)
			all[i].columns = append(all[i].columns, c)
			return err
		})
		query("SELECT \"from\", \"table\", coalesce(\"to\", 'id') FROM pragma_foreign_key_list('"+all[i].name+"')", func(r *sql.Rows) error {
			var from, to, column string
			err := r.Scan(&from, &to, &column)
			at := slices.IndexFunc(all[i].columns, func(c tableColumn) bool { return c.name == from })
			all[i].columns[at].table, all[i].columns[at].column = to, column
			return err
		})
	}
	return all
}

// fill writes so many rows into each table, those that others refer to first.
func (f *former) fill(rows int) {
	f.t.Helper()
	done := map[string]bool{}
	for len(done) < len(f.tables) {
		progress := false
		for _, table := range f.tables {
			waits := slices.ContainsFunc(table.columns, func(c tableColumn) bool { return c.table != "" && c.table != table.name && !done[c.table] })
			if done[table.name] || waits {
				continue
			}
			for n := range rows {
				f.insert(table, n)
			}
			done[table.name], progress = true, true
		}
		if !progress {
			f.t.Fatalf("tables refer to each other in a circle; %v are filled", done)
		}
	}
}

func (f *former) insert(t table, n int) {
	f.t.Helper()
	var names, params []string
	var args []any
	for i, c := range t.columns {
		names, params = append(names, `"`+c.name+`"`), append(params, fmt.Sprint("$", i+1))
		args = append(args, f.value(t.name, c, n))
	}
	if _, err := f.raw.ExecContext(f.t.Context(), fmt.Sprintf(`INSERT INTO %q (%s) VALUES (%s)`, t.name, strings.Join(names, ", "), strings.Join(params, ", ")), args...); err != nil {
		f.t.Fatalf("fill table %s: %v", t.name, err)
	}
}

// value is what a column holds in a row: what it refers to, or something that no other
// row has.
func (f *former) value(name string, c tableColumn, n int) any {
	if c.table != "" {
		i := slices.IndexFunc(f.tables, func(t table) bool { return t.name == c.table })
		j := slices.IndexFunc(f.tables[i].columns, func(other tableColumn) bool { return other.name == c.column })
		if c.table != name || c.column != c.name {
			return f.value(c.table, f.tables[i].columns[j], n)
		}
	}
	switch c.kind {
	case "INTEGER":
		return int64(1_700_000_000_000 + n)
	case "BOOLEAN":
		return n%2 == 0
	case "BLOB":
		return fmt.Appendf(nil, "mark!%s.%s.%d", name, c.name, n)
	}
	return fmt.Sprintf("%s.%s.%d", name, c.name, n)
}

// dump returns the rows of the former tables, with the columns that they had.
func (f *former) dump() map[string][]string {
	f.t.Helper()
	all := map[string][]string{}
	for _, t := range f.tables {
		var parts []string
		for _, c := range t.columns {
			text := fmt.Sprintf(`CAST(%q AS TEXT)`, c.name)
			if c.kind == "BLOB" && f.db.Name == testkit.Postgres {
				text = fmt.Sprintf(`encode(%q, 'escape')`, c.name)
			}
			parts = append(parts, "coalesce("+text+", 'NULL')")
		}
		all[t.name] = f.texts(fmt.Sprintf("SELECT %s FROM %q", strings.Join(parts, " || '|' || "), t.name))
	}
	return all
}

// texts reads a query of one text column, sorted.
func (f *former) texts(query string) []string {
	f.t.Helper()
	rows, err := f.raw.QueryContext(f.t.Context(), query)
	if err != nil {
		f.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			f.t.Fatal(err)
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

func (f *former) upgrade() {
	f.t.Helper()
	versions, err := store.Versions()
	if err != nil {
		f.t.Fatal(err)
	}
	got, err := store.Migrate(f.t.Context(), f.config())
	if err != nil || got != versions[len(versions)-1] {
		f.t.Fatalf("upgraded to %d, %v", got, err)
	}
}

// newSchema is the schema of a new database of an engine.
func newSchema(t *testing.T, db testkit.Database) []string {
	t.Helper()
	fresh := testkit.NewSQLite(t)
	if db.Name == testkit.Postgres {
		fresh = testkit.NewPostgres(t)
	}
	if _, err := store.Migrate(t.Context(), store.Config{DataDir: fresh.Dir, DatabaseURL: fresh.URL}); err != nil {
		t.Fatal(err)
	}
	return (&former{t: t, db: fresh, raw: testkit.Raw(t, fresh)}).schema()
}

// schema describes tables, indexes and triggers.
func (f *former) schema() []string {
	f.t.Helper()
	query := "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
	if f.db.Name == testkit.Postgres {
		query = `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'public'
			UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
			UNION ALL SELECT event_object_table || ' ' || trigger_name || ' ' || event_manipulation FROM information_schema.triggers WHERE trigger_schema = 'public'
			UNION ALL SELECT conrelid::regclass::text || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`
	}
	return f.texts(query)
}

// same holds the data against what it was, and the schema against a new one.
func (f *former) same(before map[string][]string, schema []string) {
	f.t.Helper()
	if diff := cmp.Diff(before, f.dump()); diff != "" {
		f.t.Errorf("the data has changed: %s", diff)
	}
	if diff := cmp.Diff(schema, f.schema()); diff != "" {
		f.t.Errorf("the schema differs from a new one: %s", diff)
	}
	if f.db.Name == testkit.SQLite {
		if lost := f.texts(`SELECT "table" || ' ' || parent FROM pragma_foreign_key_check`); len(lost) > 0 {
			f.t.Errorf("rows refer to what is not there: %v", lost)
		}
		if got := f.texts("PRAGMA integrity_check"); !slices.Equal(got, []string{"ok"}) {
			f.t.Errorf("the database is damaged: %v", got)
		}
	}
}

// version is the one that the schema has got to.
func (f *former) version() (version int64) {
	f.t.Helper()
	if err := f.raw.QueryRowContext(f.t.Context(), "SELECT max(version_id) FROM goose_db_version").Scan(&version); err != nil {
		f.t.Fatal(err)
	}
	return version
}

// interrupt kills a process a while after it has begun to upgrade.
func (f *former) interrupt(after time.Duration) {
	f.t.Helper()
	program, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	child := exec.Command(program)
	target := f.db.Dir
	if f.db.URL != "" {
		target = f.db.URL
	}
	child.Env = append(os.Environ(), upgradeVariable+"="+target)
	out, err := child.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		f.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "begin" {
		f.t.Errorf("the process says %q", lines.Text())
	}
	time.Sleep(after)
	_ = child.Process.Kill()
	_ = child.Wait()
}
