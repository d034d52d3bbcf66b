package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestNoSecretLeavesTheVault plants secrets through every door, reads back
// everything that the server answers, logs and writes, and finds none of them.
func TestNoSecretLeavesTheVault(t *testing.T) {
	t.Parallel()
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		p := startPlatform(t, platformConfig(t, db))
		f := &flock{t: t, p: p, world: newWorld(p, "canary")}
		f.plantAll()
		f.collect()
		f.crawl()
		f.crawlAccountTokens()
		f.swapSecrets()
		f.crawl()
		f.searchStored(db)
		p.stop()
		f.searchStored(db) // the journal has been written back by now
		p.start()
		f.crawl()
		if f.planted < 200 {
			t.Errorf("planted %d secrets, want at least 200", f.planted)
		}
		f.searchStored(db)
		f.breakContext()
		p.stop()
		f.search("log", p.log.Bytes())
		if !strings.Contains(p.log.String(), `"level":"ERROR"`) {
			t.Error("nothing failed on our side, so the log of failures was not searched")
		}
		t.Logf("planted %d secrets, searched %d answers and %d stored pieces", f.planted, f.answers, f.pieces)
	})
}

// TestTheSearchFindsCanaries makes sure that the search of the canary test
// would find a secret in every place and coding that it looks at.
func TestTheSearchFindsCanaries(t *testing.T) {
	t.Parallel()
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		p := startPlatform(t, platformConfig(t, db))
		canary := newCanary()
		p.call("POST", "/tenant", `{"id":"a","metadata":{"note":"`+canary+`"}}`).want(201)
		pieces := storedPieces(t, p, db)
		if got := hitsIn(pieces); len(got) == 0 {
			t.Errorf("the canary in clear text was not found in %d stored pieces", len(pieces))
		}
		for coding, text := range codings(canary) {
			if marker := findMarker([]byte("x" + text + "x")); marker == "" {
				t.Errorf("a canary in %s was not found in %q", coding, text)
			}
		}
		if shared := sharedPieces(t, p, db); len(shared) > 0 && !slices.ContainsFunc(shared, func(p piece) bool { return plainIn(p.content, []string{canary}) != "" }) {
			t.Error("the canary in clear text was not found in the write-ahead log")
		}
		if !strings.Contains(p.get("/tenant/a").want(200).Text, canary) {
			t.Error("the answer does not show the tenant's metadata")
		}
		if db.Name == testkit.SQLite {
			if err := os.WriteFile(filepath.Join(db.Dir, "blobs", "leak"), []byte(canary), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := hitsIn(storedPieces(t, p, db)); !contains(got, "leak") {
				t.Errorf("the canary in a file was not found: %q", got)
			}
		}
	})
}

func contains(texts []string, part string) bool {
	for _, text := range texts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// crawl reads every GET with every id that is known, in every form, and
// searches the answers.
func (f *flock) crawl() {
	f.t.Helper()
	for _, o := range f.operations() {
		if o.Method != http.MethodGet || o.Access == httpapi.AccessAccountOnly {
			continue
		}
		for _, path := range f.paths(o) {
			f.look(f.get(path))
			if o.Alternative {
				f.look(f.get(path + "?view=summary"))
			}
		}
	}
}

// crawlAccountTokens reads what the tokens of all accounts may read. The access
// token alone may be seen there, and each time it is, an entry says so.
func (f *flock) crawlAccountTokens() {
	f.t.Helper()
	before := f.auditEntries(account.ActionReadCredential)
	shown := 0
	for _, id := range f.ids["integrated-account"] {
		token := f.accountToken(id)
		f.secrets = append(f.secrets, token)
		mine := f.as(token)
		for _, o := range f.operations() {
			if o.Method != http.MethodGet {
				continue
			}
			for _, path := range f.paths(o) {
				r := mine.get(path)
				if o.ID == "getMe" && r.JSON.At("context", "oauth", "token", "access_token").Exists() {
					r.want(200)
					shown++
					f.lookPast(r, r.text("context", "oauth", "token", "access_token"))
					continue
				}
				f.look(r)
			}
		}
	}
	if shown == 0 {
		f.t.Error("no account showed its access token to its own token, as file pickers need it")
	}
	if got := f.auditEntries(account.ActionReadCredential) - before; got != shown {
		f.t.Errorf("got %d audit entries for %d answers that showed an access token", got, shown)
	}
}

// swapSecrets makes the server fail over sealed columns that do not
// authenticate.
func (f *flock) swapSecrets() {
	f.t.Helper()
	db := openDatabase(f.t, f.p.config)
	victim, other := f.newAccount().text("id"), f.newAccount().text("id")
	db.exec("UPDATE integrated_account SET context_secret = (SELECT context_secret FROM integrated_account WHERE id = $2) WHERE id = $1", victim, other)
	f.look(f.call("PATCH", "/integrated-account/"+victim, `{"context":{"api_key":`+f.next()+`}}`)).want(500)
	f.look(f.as(f.accountToken(victim)).get("/integrated-account/me")).want(500)
	f.look(f.call("POST", "/sandbox-integrated-account", `{"id":"`+victim+`"}`)).want(500)
	f.look(f.call("DELETE", "/integrated-account/"+victim, "")).want(200)
}

// breakContext makes the server fail over a visible context that does not
// parse and holds a secret, which somebody has written past the server: the
// text of the failure must not quote it.
func (f *flock) breakContext() {
	f.t.Helper()
	id := f.newAccount().text("id")
	openDatabase(f.t, f.p.config).exec("UPDATE integrated_account SET context = $2 WHERE id = $1", id, `{"broken":`+f.next()+` nonsense`)
	f.look(f.call("PATCH", "/integrated-account/"+id, `{"context":{"plan":"x"}}`)).want(500)
	f.look(f.as(f.accountToken(id)).get("/integrated-account/me")).want(500)
}

// searchStored searches everything that the server has written.
func (f *flock) searchStored(db testkit.Database) {
	f.t.Helper()
	pieces := storedPieces(f.t, f.p, db)
	if len(pieces) < 20 {
		f.t.Fatalf("found only %d pieces to search", len(pieces))
	}
	for _, piece := range pieces {
		f.pieces++
		f.search(piece.name, piece.content)
	}
	journals := sharedPieces(f.t, f.p, db)
	for _, piece := range journals {
		f.pieces++
		if found := plainIn(piece.content, append(f.canaries, f.secrets...)); found != "" {
			f.t.Errorf("a secret is in %s: %s", piece.name, around(piece.content, found))
		}
	}
	if db.Name == testkit.Postgres {
		f.t.Logf("searched %d files that the server of the database shares between databases", len(journals))
	}
}

// look searches an answer, headers included.
func (f *flock) look(r *reply) *reply {
	f.t.Helper()
	return f.lookPast(r, "")
}

// lookPast searches an answer, leaving out one text that it may show.
func (f *flock) lookPast(r *reply, shown string) *reply {
	f.t.Helper()
	f.answers++
	whole := fmt.Sprint(r.Header) + r.Text
	if shown != "" {
		whole = strings.ReplaceAll(whole, shown, "")
	}
	f.search(r.call, []byte(whole))
	return r
}
