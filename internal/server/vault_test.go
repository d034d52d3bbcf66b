package server_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

// refuse opens the data of a configuration, which must fail in the words of a
// pattern.
func refuse(t *testing.T, c config.Config, pattern string) {
	t.Helper()
	core, err := server.OpenCore(t.Context(), c, slog.New(slog.DiscardHandler))
	if err == nil {
		t.Errorf("the data was opened; want a refusal like %q", pattern)
		if err := core.Close(); err != nil {
			t.Error(err)
		}
		return
	}
	if !regexp.MustCompile(pattern).MatchString(err.Error()) {
		t.Errorf("got refusal %q, want one like %q", err, pattern)
	}
}

func TestDataIsRefusedWithoutItsKey(t *testing.T) {
	t.Parallel()
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		p := startPlatform(t, platformConfig(t, db))
		newWorld(p, "keyed")
		p.stop()
		before := openDatabase(t, p.config).tables()
		foreign := p.config
		foreign.MasterKeyFile = filepath.Join(t.TempDir(), "foreign.key")
		refuse(t, foreign, `there is (data in .*, and )?no master key file .*`)
		if _, err := os.Stat(foreign.MasterKeyFile); !os.IsNotExist(err) {
			t.Errorf("a key was made beside data that it does not open: %v", err)
		}
		if _, err := seal.GenerateMasterFile(foreign.MasterKeyFile); err != nil {
			t.Fatal(err)
		}
		refuse(t, foreign, `the data was written with master key [0-9a-f]+, and this is key [0-9a-f]+: give the key file that belongs to the data`)
		if db.Name == testkit.Postgres {
			none := p.config
			none.MasterKeyFile = ""
			refuse(t, none, `PostgreSQL needs a master key that every node shares: make one with 'sinew keys generate FILE'`)
		}
		sameTables(t, before, openDatabase(t, p.config).tables())
		p.start() // the right key still opens it
		p.get("/integrated-account").want(200)
	})
}

func TestKeyFileIsPrivateFromTheStart(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for _, path := range []string{p.config.MasterKeyPath(), store.SQLitePath(p.config.DataDir)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", path, got)
		}
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		p := startPlatform(t, platformConfig(t, db))
		p.stop()
		d := openDatabase(t, p.config)
		d.exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		const words = `the database has schema version 99999, and this program knows version \d+ at most: run the newer program that wrote it, or restore a backup`
		refuse(t, p.config, words)
		if _, err := server.Migrate(t.Context(), p.config); err == nil || !regexp.MustCompile(words).MatchString(err.Error()) {
			t.Errorf("migrate: got %v, want a refusal", err)
		}
		d.exec("DELETE FROM goose_db_version WHERE version_id = 99999")
		p.start()
		p.get("/integrated-account").want(200)
	})
}

// TestSwappedSecretsFailClosed moves sealed columns about in the database, as
// somebody who can write it but does not have the key might.
func TestSwappedSecretsFailClosed(t *testing.T) {
	t.Parallel()
	const swap = "UPDATE integrated_account SET %s = (SELECT %s FROM integrated_account WHERE id = $2) WHERE id = $1"
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		p := startPlatform(t, platformConfig(t, db))
		_, installation := p.install("desk")
		staging := p.inEnvironment("staging")
		_, theirs := staging.install("desk-staging")
		staging.connect(theirs, "theirs", "")
		secretOverride := `,"integration_override":{"headers":{"X-Api-Key":"override-secret"}},"unified_model_override":{"crm":{"contacts":{"list":{"query":{"api_key":"override-secret"}}}}}`
		for name, tamper := range map[string]func(d *database, victim, other string){
			"context of another account": func(d *database, victim, other string) {
				d.exec(strings.ReplaceAll(swap, "%s", "context_secret"), victim, other)
			},
			"override of another account": func(d *database, victim, other string) {
				d.exec(strings.ReplaceAll(swap, "%s", "integration_override_secret"), victim, other)
			},
			"unified override of another account": func(d *database, victim, other string) {
				d.exec(strings.ReplaceAll(swap, "%s", "unified_model_override_secret"), victim, other)
			},
			"another column of the same account": func(d *database, victim, _ string) {
				d.exec("UPDATE integrated_account SET context_secret = integration_override_secret WHERE id = $1", victim)
			},
			"an earlier version": func(d *database, victim, _ string) {
				d.exec("UPDATE integrated_account SET secret_version = secret_version + 1 WHERE id = $1", victim)
			},
			"one byte changed": func(d *database, victim, _ string) {
				var sealed []byte
				if err := d.pool.QueryRowContext(t.Context(), "SELECT context_secret FROM integrated_account WHERE id = $1", victim).Scan(&sealed); err != nil {
					t.Fatal(err)
				}
				sealed[len(sealed)-1] ^= 1
				d.exec("UPDATE integrated_account SET context_secret = $2 WHERE id = $1", victim, sealed)
			},
			"cut short": func(d *database, victim, _ string) {
				d.exec("UPDATE integrated_account SET context_secret = $2 WHERE id = $1", victim, []byte{1, 2, 3})
			},
			"context of another environment": func(d *database, victim, _ string) {
				d.exec("UPDATE integrated_account SET context_secret = (SELECT context_secret FROM integrated_account WHERE environment_id <> $2) WHERE id = $1", victim, p.environment.ID)
			},
		} {
			t.Run(name, func(t *testing.T) {
				p := p.with(t)
				victim, other := p.connect(installation, "victim", secretOverride).text("id"), p.connect(installation, "other", secretOverride).text("id")
				token := p.accountToken(victim)
				tamper(openDatabase(t, p.config), victim, other)
				audited := p.auditEntries(store.ActionTampered)
				for i, call := range []struct{ token, method, path, body string }{
					{p.token, "PATCH", "/integrated-account/" + victim, `{"context":{"plan":"x"}}`},
					{p.token, "PATCH", "/integrated-account/" + victim + "/credentials", `{"context":{"api_key":"new"}}`},
					{p.token, "POST", "/sandbox-integrated-account", `{"id":"` + victim + `"}`},
					{token, "GET", "/integrated-account/me", ""},
				} {
					r := p.as(call.token).call(call.method, call.path, call.body).want(500)
					if strings.Contains(r.Text, "canary") || strings.Contains(r.Text, "override-secret") {
						t.Errorf("%s shows a secret: %s", r.call, r.Text)
					}
					if got := p.auditEntries(store.ActionTampered); got != audited+i+1 {
						t.Errorf("%s: got %d audit entries, want %d", r.call, got, audited+i+1)
					}
				}
				if _, err := p.server.Core.Accounts.ForCall(context.Background(), p.principal(), victim); err == nil {
					t.Error("the account was opened for a call")
				}
				// What needs no secret still works, and others are not affected.
				p.get("/integrated-account/" + victim).want(200)
				p.call("PATCH", "/integrated-account/"+other, `{"context":{"api_key":"new"}}`).want(200)
				p.get("/integrated-account").want(200)
				p.call("DELETE", "/integrated-account/"+victim, "").want(200)
			})
		}
	})
}

// TestSwappedBlobsFailClosed does the same with large values.
func TestSwappedBlobsFailClosed(t *testing.T) {
	t.Parallel()
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		p := startPlatform(t, platformConfig(t, db))
		_, installation := p.install("desk")
		var ids, files []string
		for i := range 3 {
			account := p.connect(installation, "acme", "")
			ids = append(ids, account.text("id"))
			p.call("PATCH", "/integrated-account/"+ids[i], `{"context":{"files":{"truto_obj_store":true,"data":["large-value"]}}}`).want(200)
		}
		for _, id := range ids {
			record, err := p.server.Core.Store.AccountWithSecrets(t.Context(), p.environment.ID, id)
			p.must(err)
			files = append(files, filepath.Join(p.config.DataDir, "blobs", filepath.FromSlash(record.ObjectStore["files"])+".blob"))
		}
		content, err := os.ReadFile(files[1])
		p.must(err)
		p.must(os.WriteFile(files[0], content, 0o600))
		p.must(os.Remove(files[2]))
		for _, lost := range []string{ids[0], ids[2]} {
			r := p.get("/integrated-account/" + lost).want(500)
			if strings.Contains(r.Text, "large-value") {
				t.Errorf("the value of another account is shown: %s", r.Text)
			}
		}
		if got := p.auditEntries(store.ActionTampered); got != 1 {
			t.Errorf("got %d audit entries, want 1", got)
		}
		// The list shows all accounts, and of the lost values that they are
		// large ones.
		list := p.get("/integrated-account").want(200)
		if got := len(list.ids()); got != len(ids) {
			t.Errorf("the list has %d accounts, want %d", got, len(ids))
		}
		if got := strings.Count(list.JSON.Get("result").String(), "large-value"); got != 1 {
			t.Errorf("the list shows %d large values, want that of the sound account", got)
		}
		p.get("/integrated-account/" + ids[1]).want(200)
		// A new value mends the account.
		p.call("PATCH", "/integrated-account/"+ids[0], `{"context":{"files":{"truto_obj_store":true,"data":["mended"]}}}`).want(200)
		p.call("PATCH", "/integrated-account/"+ids[2], `{"context":{"files":null}}`).want(200)
		p.get("/integrated-account/" + ids[0]).want(200)
		p.get("/integrated-account/" + ids[2]).want(200)
	})
}

// TestTokensCannotBeReadBack holds everything that the database keeps of a
// token against what the server accepts.
func TestTokensCannotBeReadBack(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^sinew_[A-Za-z0-9_-]{43}$`)
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		p := startPlatform(t, platformConfig(t, db))
		w := newWorld(p, "tokens")
		tokens := []string{p.token, p.accountToken(w.account)}
		for range 20 {
			token := p.newToken(p.environment.ID)
			if !form.MatchString(token) {
				t.Fatalf("the token %q has another form", token)
			}
			tokens = append(tokens, token)
		}
		words := regexp.MustCompile(`[A-Za-z0-9_+/=-]{16,}`)
		tried := map[string]bool{}
		for _, piece := range openDatabase(t, p.config).tables() {
			for _, token := range tokens {
				if strings.Contains(string(piece.content), token) {
					t.Errorf("a token is in %s", piece.name)
				}
			}
			if piece.name != "table api_token" && piece.name != "table account_token" && piece.name != "table server_key" {
				continue
			}
			for _, word := range words.FindAllString(string(piece.content), -1) {
				for _, attempt := range []string{word, strings.ToLower(word), "sinew_" + word, "sinew_" + strings.ToLower(word)} {
					if tried[attempt] {
						continue
					}
					tried[attempt] = true
					if r := p.as(attempt).get("/team"); r.Status != 401 {
						t.Errorf("what is stored lets its reader in: %q in %s, status %d", attempt, piece.name, r.Status)
					}
				}
			}
		}
		if len(tried) < 40 {
			t.Errorf("tried %d stored texts only", len(tried))
		}
		// Revoking works on the row, and the token is refused at once.
		_, secret, err := p.server.Core.Access.CreateAPIToken(t.Context(), p.environment.ID, "gone", "", 0)
		p.must(err)
		p.as(secret).get("/team").want(200)
		openDatabase(t, p.config).exec("DELETE FROM api_token WHERE name = $1", "gone")
		if p.config.DatabaseURL == "" {
			time.Sleep(100 * time.Millisecond) // another process than the one that serves the file
		}
		p.as(secret).get("/team").want(401)
	})
}

// TestRestoredDumpIsUnreadable opens a copy of the data with another master
// key, the server key rows adjusted as an attacker would.
func TestRestoredDumpIsUnreadable(t *testing.T) {
	t.Parallel()
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		p := startPlatform(t, platformConfig(t, db))
		newWorld(p, "dump")
		p.stop()
		thief := p.config
		thief.MasterKeyFile = filepath.Join(t.TempDir(), "thief.key")
		master, err := seal.GenerateMasterFile(thief.MasterKeyFile)
		p.must(err)
		d := openDatabase(t, p.config)
		d.exec("UPDATE server_key SET master_id = $1", master.ID())
		refuse(t, thief, `does not open the data`)
		// Without the server's keys new ones are made; the accounts' keys still
		// do not open.
		d.exec("DELETE FROM server_key")
		p.config = thief
		p.start()
		p.as(p.token).get("/team").want(401)
		p.token = p.newToken(p.environment.ID)
		account := p.get("/integrated-account").want(200).ids()[0]
		p.call("PATCH", "/integrated-account/"+account, `{"context":{"plan":"x"}}`).want(500)
		p.call("POST", "/sandbox-integrated-account", `{"id":"`+account+`"}`).want(500)
	})
}
