package kill_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/testkit"
)

const (
	movedAccounts = 120
	// longestImport is a part of what an import takes, so that it is killed everywhere.
	longestImport = 150 * time.Millisecond
)

// TestKilledWhileImporting is V11 with an import that is ended again and again, and
// repeated. In the end everything is there once, as it was, and can be used.
func TestKilledWhileImporting(t *testing.T) {
	t.Parallel()
	testkit.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		random := newRand(newSeed(t), 0)
		from := newInstallation(t, testkit.NewSQLite(t))
		bundle, identity, signer := from.exported(t)
		to := newInstallation(t, db)
		to.newToken() // makes the data
		arguments := append([]string{"import", bundle, "--identity", identity, "--signer", signer}, to.flags()...)
		killed := 0
		for range rounds(30) {
			command := exec.Command(to.program, arguments...)
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			<-after(random, longestImport)
			_ = command.Process.Kill()
			if command.Wait() != nil {
				killed++
			}
		}
		t.Logf("killed %d times, with %s of %d accounts there", killed, to.rows(t, "SELECT count(*) FROM integrated_account")[0], movedAccounts+keptKeys+copies)
		for range 2 { // the second one changes nothing
			out, err := exec.Command(to.program, arguments...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		for what, query := range map[string]string{
			"accounts": "SELECT id || tenant_id || name || status || is_sandbox || event_sequence || created_at FROM integrated_account ORDER BY id",
			"tenants":  "SELECT id || name || metadata FROM tenant ORDER BY id",
			"copies":   "SELECT id || source_account_id FROM sandbox_integrated_account ORDER BY id",
			"timeline": "SELECT id || account_id || coalesce(from_status, '') || to_status || actor FROM account_timeline ORDER BY id",
			"events":   "SELECT id || coalesce(account_id, '') || sequence || payload FROM event WHERE type <> 'api_token:created' ORDER BY id",
			"gates":    "SELECT name || domain FROM static_gate ORDER BY id",
		} {
			want, got := from.rows(t, query), to.rows(t, query)
			normal := func(rows []string) { // booleans
				for i := range rows {
					rows[i] = strings.NewReplacer("false", "0", "true", "1").Replace(rows[i])
				}
			}
			normal(want)
			normal(got)
			if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
				t.Errorf("%s (-exported +imported): %s", what, diff)
			}
		}
		to.wantUsable(t)
	})
}

// exported makes an environment and exports it.
func (i *installation) exported(t *testing.T) (bundle, identity, signer string) {
	t.Helper()
	connectMany(t, i, movedAccounts)
	c := &connections{t: t, i: i, token: i.newToken()}
	server := i.serve()
	c.send(server, "POST", "/static-gate", `{"name":"gate","domain":"egress.example.com"}`)
	for _, id := range i.rows(t, "SELECT id FROM integrated_account WHERE authentication_method = 'api_key'") {
		c.send(server, "PATCH", "/integrated-account/"+id, `{"context":{"files":{"truto_obj_store":true,"data":[1]}}}`)
	}
	server.kill()
	dir := t.TempDir()
	bundle, identity = filepath.Join(dir, "environment.age"), filepath.Join(dir, "identity")
	recipient := i.run(t, "keys", "identity", identity)
	i.run(t, append([]string{"export", bundle, "--recipient", recipient}, i.flags()...)...)
	return bundle, identity, i.run(t, append([]string{"export", "--show-signer"}, i.flags()...)...)
}

// run runs a command and returns what it prints.
func (i *installation) run(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := exec.Command(i.program, arguments...).Output()
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(arguments[:2], " "), err)
	}
	return strings.TrimSpace(string(out))
}

// rows returns the texts of a query.
func (i *installation) rows(t *testing.T, query string) (texts []string) {
	t.Helper()
	rows, err := testkit.Raw(t, i.db).Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

// wantUsable opens the secrets and the large values of every account, and makes sure
// that nothing half-written stays behind.
func (i *installation) wantUsable(t *testing.T) {
	t.Helper()
	token := i.newToken()
	check := newChecker(t, i, token)
	defer check.close()
	for _, id := range i.rows(t, "SELECT id FROM integrated_account") {
		if _, _, err := check.core.Accounts.Portable(t.Context(), check.principal.EnvironmentID, id); err != nil {
			t.Errorf("account %s: %v", id, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(i.db.Dir, "*.part")); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v %v", left, err)
	}
	check.sweep()
	if got := check.texts("SELECT bundle FROM bundle_import WHERE finished"); len(got) != 1 {
		t.Errorf("%d imports are finished", len(got))
	}
	used := check.texts("SELECT count(*) FROM blob")
	if !slices.Equal(used, []string{fmt.Sprint(keptKeys)}) {
		t.Errorf("blobs: %v", used)
	}
}
