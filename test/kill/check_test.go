package kill_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/testkit"
)

// checker reads the data past the server.
type checker struct {
	t         testing.TB
	i         *installation
	core      *server.Core
	sql       *sql.DB
	principal sinew.Principal
}

func newChecker(t testing.TB, i *installation, token string) *checker {
	t.Helper()
	core, err := server.OpenCore(t.Context(), i.config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("open the data: %v", err)
	}
	c := &checker{t: t, i: i, core: core}
	if i.db.Name == testkit.Postgres {
		c.sql, err = sql.Open("pgx", i.db.URL)
	} else {
		c.sql, err = sql.Open("sqlite", "file:"+store.SQLitePath(i.db.Dir)+"?_pragma=busy_timeout(10000)")
	}
	if err != nil {
		t.Fatal(err)
	}
	if c.principal, err = core.Access.Authenticate(t.Context(), token); err != nil {
		t.Fatalf("the token is gone: %v", err)
	}
	return c
}

func (c *checker) close() {
	c.t.Helper()
	if err := c.sql.Close(); err != nil {
		c.t.Error(err)
	}
	if err := c.core.Close(); err != nil {
		c.t.Error(err)
	}
}

// texts returns the first column of all rows.
func (c *checker) texts(query string, args ...any) []string {
	c.t.Helper()
	rows, err := c.sql.QueryContext(c.t.Context(), query, args...)
	if err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text sql.NullString
		if err := rows.Scan(&text); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, text.String)
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return all
}

func (c *checker) none(what, query string, args ...any) {
	c.t.Helper()
	if found := c.texts(query, args...); len(found) > 0 {
		c.t.Errorf("%s: %d, such as %s", what, len(found), found[0])
	}
}

// invariants hold at any moment, whatever was killed.
func (c *checker) invariants() {
	c.t.Helper()
	c.none("accounts whose events have gaps", `SELECT account_id FROM event WHERE account_id IS NOT NULL
		GROUP BY account_id HAVING min(sequence) <> 1 OR max(sequence) <> count(*) OR count(DISTINCT sequence) <> count(*)`)
	c.none("accounts that miss events", `SELECT a.id FROM integrated_account a
		WHERE a.event_sequence <> (SELECT count(*) FROM event e WHERE e.account_id = a.id) OR a.event_sequence < 2`)
	c.none("deletions without their event", `SELECT e.account_id FROM event e WHERE e.account_id IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM integrated_account a WHERE a.id = e.account_id)
		GROUP BY e.account_id HAVING sum(CASE WHEN type = 'integrated_account:deleted' THEN 1 ELSE 0 END) <> 1`)
	c.none("deleted accounts that are there", `SELECT a.id FROM integrated_account a
		WHERE EXISTS (SELECT 1 FROM event e WHERE e.account_id = a.id AND e.type = 'integrated_account:deleted')`)
	c.none("accounts without a tenant", `SELECT a.id FROM integrated_account a LEFT JOIN tenant t ON t.environment_id = a.environment_id AND t.id = a.tenant_id WHERE t.id IS NULL`)
	c.none("installations without their event", `SELECT ei.id FROM environment_integration ei
		WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.type = 'environment_integration:created' AND e.payload LIKE '%' || ei.id || '%')`)
	c.none("environments without a key", `SELECT e.id FROM environment e LEFT JOIN data_key k ON k.owner_id = e.id WHERE k.owner_id IS NULL`)
	c.blobs()
	if c.i.db.Name == testkit.SQLite {
		if got := c.texts("PRAGMA integrity_check"); !slices.Equal(got, []string{"ok"}) {
			c.t.Errorf("the database is damaged: %q", got)
		}
		c.none("foreign keys that lead nowhere", "SELECT \"table\" FROM pragma_foreign_key_check")
	}
}

// blobs holds the rows of accounts, the rows of blobs and the files against
// each other.
func (c *checker) blobs() {
	c.t.Helper()
	used := map[string]bool{}
	for _, text := range c.texts("SELECT object_store FROM integrated_account WHERE object_store IS NOT NULL") {
		for _, key := range jsonx.MustParse(text).Members() {
			used[key.Str()] = true
		}
	}
	live := c.texts("SELECT key FROM blob WHERE state = 'live'")
	for _, key := range live {
		if !used[key] {
			c.t.Errorf("blob %s is live, and no account uses it", key)
		}
	}
	if len(live) != len(used) {
		c.t.Errorf("accounts use %d blobs, and %d are live", len(used), len(live))
	}
	known, files := setOf(c.texts("SELECT key FROM blob")), setOf(c.files())
	for key := range files {
		if !known[key] {
			c.t.Errorf("the file of blob %s has no row: it will never be swept", key)
		}
	}
	for key := range used {
		if !files[key] {
			c.t.Errorf("blob %s is lost", key)
		}
	}
}

// files returns the keys of all blob files.
func (c *checker) files() []string {
	c.t.Helper()
	root := c.i.config.BlobStore.Dir
	var keys []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if key, ok := strings.CutSuffix(path, ".blob"); err == nil && ok {
			key, err = filepath.Rel(root, key)
			keys = append(keys, filepath.ToSlash(key))
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return keys
}

// number reads an account whole and returns the number that all its parts
// carry, 0 when it is not there.
func (c *checker) number(ctx context.Context, id string) (int, error) {
	r, whole, err := c.core.Accounts.AsItIs(ctx, c.principal.EnvironmentID, id)
	if sinew.IsNotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, _ := whole.Get("n").Int()
	want := fmt.Sprintf(`%d secret-%d [%d] %d`, n, n, n, n)
	got := fmt.Sprintf(`%s %s %s %s`, r.Name, whole.Get("api_key").Str(), whole.Get("files"), whole.Get("n"))
	if got != want {
		return 0, fmt.Errorf("half written: %s", got)
	}
	return int(n), nil
}

// writer holds what a writer knows against what is there, and lets it know what
// became of its unanswered writes. Unless all is asked for, that is what was
// written since the last check.
func (c *checker) writer(w *writer, all bool) {
	c.t.Helper()
	ctx := c.t.Context()
	c.adopt(w)
	defer clear(w.touched)
	for _, id := range sortedKeys(w.accounts) {
		if !all && !w.touched[id] {
			continue
		}
		n, err := c.number(ctx, id)
		if err != nil {
			c.t.Errorf("account %s: %v", id, err)
			continue
		}
		if !w.accounts[id].allows(n) {
			c.t.Errorf("account %s has number %d, want one of %v", id, n, w.accounts[id])
		}
		w.accounts[id] = state{n}
	}
	if first, second := w.pair[0], w.pair[1]; w.accounts[first].allows(0) != w.accounts[second].allows(0) {
		c.t.Errorf("of the accounts %s and %s, which were deleted together, one is there", first, second)
	}
	w.pair = [2]string{}
	// What is gone stays gone: its deletion event says so.
	maps.DeleteFunc(w.accounts, func(_ string, s state) bool { return s.allows(0) })
	for _, group := range sortedKeys(w.groups) {
		if !all && !w.touched[group] {
			continue
		}
		names := c.texts("SELECT name || ' ' || metadata FROM tenant WHERE id LIKE $1", group+"-%")
		n := 0
		if len(names) == groupSize && len(slices.Compact(slices.Clone(names))) == 1 {
			_, _ = fmt.Sscan(names[0], &n)
		} else if len(names) > 0 {
			c.t.Errorf("group %s is half written: %d rows with %q", group, len(names), names)
		}
		if !w.groups[group].allows(n) {
			c.t.Errorf("group %s has number %d, want one of %v", group, n, w.groups[group])
		}
		w.groups[group] = state{n}
	}
	c.installation(w)
}

// adopt finds the accounts of imports whose answer was lost.
func (c *checker) adopt(w *writer) {
	c.t.Helper()
	for _, tenant := range sortedKeys(w.imports) {
		for _, id := range c.texts("SELECT id FROM integrated_account WHERE tenant_id = $1", tenant) {
			w.accounts[id] = state{w.imports[tenant]}
			w.touched[id] = true
		}
		delete(w.imports, tenant)
	}
}

func (c *checker) installation(w *writer) {
	c.t.Helper()
	if w.own == "" {
		return
	}
	// An account of the installation would open its secrets; opening the row
	// for a change does so too, and leaves it as it is.
	var open string
	errStop := fmt.Errorf("stop")
	_, err := c.core.Store.UpdateEnvironmentIntegration(c.t.Context(), c.principal.EnvironmentID, w.own, func(r *sinew.InstallationRecord) error {
		open = string(r.Override) + string(r.OverrideSecret)
		return errStop
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "stop") {
		c.t.Errorf("installation %s: %v", w.own, err)
		return
	}
	for _, n := range w.install {
		if open == fmt.Sprintf(`{"environment_variables":{"N":"%d"}}{"secret_environment_variables":{"S":"secret-%d"}}`, n, n) {
			w.install = state{n}
			return
		}
	}
	c.t.Errorf("installation %s holds %s, want one of %v", w.own, open, w.install)
}

// sweep ages everything that is unused and makes sure that nothing of it stays.
func (c *checker) sweep() {
	c.t.Helper()
	old := time.Now().Add(-2 * time.Hour).UnixMilli()
	if _, err := c.sql.ExecContext(c.t.Context(), "UPDATE blob SET updated_at = $1 WHERE state <> 'live'", old); err != nil {
		c.t.Fatal(err)
	}
	swept := 0
	for {
		n, err := c.core.Accounts.Sweep(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		if n == 0 {
			break
		}
		swept += n
	}
	live, files := c.texts("SELECT key FROM blob"), c.files()
	slices.Sort(live)
	slices.Sort(files)
	if !slices.Equal(live, files) {
		c.t.Errorf("after a sweep there are %d rows and %d files of blobs", len(live), len(files))
	}
	c.t.Logf("swept %d unused blobs, %d are live", swept, len(live))
	c.invariants()
}

func setOf(texts []string) map[string]bool {
	set := make(map[string]bool, len(texts))
	for _, text := range texts {
		set[text] = true
	}
	return set
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
