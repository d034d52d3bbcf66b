package server_test

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/testkit"
)

// canaryMark begins every canary, long enough that each of its codings holds a
// part that is always the same.
const canaryMark = "canaryCANARYcanary"

func newCanary() string { return canaryMark + rand.Text()[:12] }

// codings are the forms in which a secret might be written somewhere.
func codings(text string) map[string]string {
	return map[string]string{
		"plain text":     text,
		"hexadecimal":    hex.EncodeToString([]byte(text)),
		"base64":         base64.StdEncoding.EncodeToString([]byte(text)),
		"base64 after 1": base64.StdEncoding.EncodeToString([]byte("." + text)),
		"base64 after 2": base64.StdEncoding.EncodeToString([]byte(".." + text)),
		"a query":        "k=" + url.QueryEscape(text),
	}
}

// markers are the parts of all codings that do not depend on the canary.
var markers = func() []string {
	var all []string
	for coding, text := range codings(canaryMark) {
		if strings.HasPrefix(coding, "base64") {
			text = strings.TrimRight(text, "=")
			text = text[4 : len(text)-4]
		}
		all = append(all, strings.TrimPrefix(text, "k="))
	}
	return all
}()

// findMarker returns the marker that a content holds, "" for none.
func findMarker(content []byte) string {
	for _, marker := range markers {
		if bytes.Contains(content, []byte(marker)) {
			return marker
		}
	}
	return ""
}

// piece is a file, or the content of a table.
type piece struct {
	name    string
	content []byte
}

func hitsIn(pieces []piece) []string {
	var names []string
	for _, piece := range pieces {
		if findMarker(piece.content) != "" {
			names = append(names, piece.name)
		}
	}
	return names
}

// search reports a canary, or one of the secrets that the server made itself.
func (f *flock) search(where string, content []byte) {
	f.t.Helper()
	if marker := findMarker(content); marker != "" {
		f.t.Errorf("a canary is in %s: …%s…", where, around(content, marker))
	}
	for _, secret := range f.secrets {
		if bytes.Contains(content, []byte(secret)) {
			f.t.Errorf("a secret that the server made is in %s: …%s…", where, around(content, secret))
		}
	}
}

func around(content []byte, found string) string {
	at := bytes.Index(content, []byte(found))
	return fmt.Sprintf("%q", content[max(0, at-80):min(len(content), at+len(found)+80)])
}

// storedPieces returns all files of the data folder, and on PostgreSQL the rows
// of every table with the database's own files where this process may read
// them. The master key is left out: it is the one secret that is kept as it is.
func storedPieces(t testing.TB, p *platform, db testkit.Database) []piece {
	t.Helper()
	pieces := filesBelow(t, db.Dir, p.config.MasterKeyPath())
	if db.Name != testkit.Postgres {
		return append(pieces, openDatabase(t, p.config).tables()...)
	}
	database := openDatabase(t, p.config)
	pieces = append(pieces, database.tables()...)
	database.exec("CHECKPOINT")
	var folder, oid string
	database.row("SELECT current_setting('data_directory'), oid::text FROM pg_database WHERE datname = current_database()", &folder, &oid)
	if _, err := os.ReadDir(folder); err != nil {
		t.Logf("the files of the database cannot be read: %v", err)
		return pieces
	}
	return append(pieces, filesBelow(t, filepath.Join(folder, "base", oid), "")...)
}

// sharedPieces are the write-ahead log, the temporary files and the log of a PostgreSQL
// server, where this process may read them. Other tests write there as well.
func sharedPieces(t testing.TB, p *platform, db testkit.Database) (pieces []piece) {
	t.Helper()
	if db.Name != testkit.Postgres {
		return nil // SQLite's are in the folder
	}
	var folder string
	openDatabase(t, p.config).row("SELECT current_setting('data_directory')", &folder)
	for _, part := range []string{"pg_wal", "base/pgsql_tmp", "pg_replslot", "log"} {
		if path := filepath.Join(folder, part); readable(path) {
			pieces = append(pieces, filesBelow(t, path, "")...)
		}
	}
	if path := filepath.Join(folder, "..", "server.log"); readable(path) {
		pieces = append(pieces, filesBelow(t, path, "")...)
	}
	return pieces
}

func readable(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	return file.Close() == nil
}

// plainIn returns the secret of a list that a content holds as it is, "" for none. It
// goes through a content once for all canaries.
func plainIn(content []byte, secrets []string) string {
	canaries := map[string]bool{}
	for _, secret := range secrets {
		if strings.HasPrefix(secret, canaryMark) {
			canaries[secret] = true
		} else if bytes.Contains(content, []byte(secret)) {
			return secret
		}
	}
	length := len(newCanary())
	for rest := content; ; {
		at := bytes.Index(rest, []byte(canaryMark))
		if at < 0 {
			return ""
		}
		if rest = rest[at:]; len(rest) >= length && canaries[string(rest[:length])] {
			return string(rest[:length])
		}
		rest = rest[len(canaryMark):]
	}
}

func filesBelow(t testing.TB, folder, except string) []piece {
	t.Helper()
	var pieces []piece
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == except {
			return err
		}
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil // a journal that was written back meanwhile
		}
		pieces = append(pieces, piece{path, content})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pieces
}

// database is a way past the server, as an attacker or an operator has it.
type database struct {
	t    testing.TB
	pool *sql.DB
	name string
}

func openDatabase(t testing.TB, c config.Config) *database {
	t.Helper()
	d := &database{t: t, name: testkit.SQLite}
	var err error
	if c.DatabaseURL != "" {
		d.name = testkit.Postgres
		d.pool, err = sql.Open("pgx", string(c.DatabaseURL))
	} else {
		d.pool, err = sql.Open("sqlite", "file:"+store.SQLitePath(c.DataDir)+"?_pragma=busy_timeout(10000)")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *database) exec(statement string, args ...any) {
	d.t.Helper()
	if _, err := d.pool.ExecContext(d.t.Context(), statement, args...); err != nil {
		d.t.Fatalf("%s: %v", statement, err)
	}
}

func (d *database) row(query string, into ...any) {
	d.t.Helper()
	if err := d.pool.QueryRowContext(d.t.Context(), query).Scan(into...); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
}

func (d *database) column(query string) []string {
	d.t.Helper()
	rows, err := d.pool.QueryContext(d.t.Context(), query)
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			d.t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return all
}

// tableNames lists our tables, which are those of the schema.
func (d *database) tableNames() []string {
	d.t.Helper()
	query := "SELECT name FROM sqlite_schema WHERE type = 'table'"
	if d.name == testkit.Postgres {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	}
	names := d.column(query)
	slices.Sort(names)
	return names
}

// tables returns all rows of every table, as text with bytes in hexadecimal.
func (d *database) tables() []piece {
	d.t.Helper()
	var pieces []piece
	for _, name := range d.tableNames() {
		query := fmt.Sprintf("SELECT to_jsonb(t)::text FROM %q t", name)
		if d.name == testkit.SQLite {
			var parts []string
			for _, column := range d.column(fmt.Sprintf("SELECT name FROM pragma_table_info('%s')", name)) {
				parts = append(parts, fmt.Sprintf("quote(%q)", column))
			}
			query = fmt.Sprintf("SELECT %s FROM %q", strings.Join(parts, " || ',' || "), name)
		}
		rows := d.column(query)
		slices.Sort(rows)
		pieces = append(pieces, piece{"table " + name, []byte(strings.Join(rows, "\n"))})
	}
	return pieces
}
