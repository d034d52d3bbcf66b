package testkit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Template is a prepared database that tests get copies of, so that a slow
// preparation such as running all migrations happens once: on PostgreSQL once for
// the server, on SQLite once for the Template. It must not be copied.
type Template struct {
	// Fingerprint changes whenever Prepare would give another result, for
	// example a hash of all migration files.
	Fingerprint string
	// Prepare fills an empty database and closes its connections. It must give
	// the same result each time.
	Prepare func(ctx context.Context, db Database) error

	once  sync.Once
	files map[string][]byte // of SQLite, by name
	err   error
}

// EachPrepared is EachDatabase with databases that the template has prepared.
func EachPrepared(t *testing.T, template *Template, run func(t *testing.T, db Database)) {
	t.Helper()
	each(t, template.sqlite, template.postgres, run)
}

// EachPreparedOnce is EachDatabaseOnce with databases that the template has
// prepared.
func EachPreparedOnce(t *testing.T, template *Template, run func(t *testing.T, db Database)) {
	t.Helper()
	eachOnce(t, template.sqlite, template.postgres, run)
}

// NewPreparedSQLite is NewSQLite with a copy of the template.
func NewPreparedSQLite(t testing.TB, template *Template) Database {
	t.Helper()
	return template.sqlite(t)
}

// NewPreparedPostgres is NewPostgres with a copy of the template.
func NewPreparedPostgres(t testing.TB, template *Template) Database {
	t.Helper()
	return template.postgres(t)
}

func (p *Template) postgres(t testing.TB) Database {
	t.Helper()
	return newPostgres(t, ensureTemplate(t, p))
}

func (p *Template) sqlite(t testing.TB) Database {
	t.Helper()
	p.once.Do(p.readSQLite)
	if p.err != nil {
		t.Fatalf("prepare database template: %v", p.err)
	}
	db := NewSQLite(t)
	for name, content := range p.files {
		if err := os.WriteFile(filepath.Join(db.Dir, name), content, 0o600); err != nil {
			t.Fatalf("copy database template: %v", err)
		}
	}
	return db
}

// readSQLite prepares a folder that outlives no test.
func (p *Template) readSQLite() {
	dir, err := os.MkdirTemp("", "template")
	if err != nil {
		p.err = err
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if p.err = p.Prepare(context.Background(), Database{Name: SQLite, Dir: dir}); p.err != nil {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		p.err = err
		return
	}
	p.files = make(map[string][]byte, len(entries))
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			p.err = fmt.Errorf("%s is no file", entry.Name())
			return
		}
		if p.files[entry.Name()], p.err = os.ReadFile(filepath.Join(dir, entry.Name())); p.err != nil {
			return
		}
	}
}
