package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/bundle"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

// exported is an environment in a file, and what it takes to read it.
type exported struct {
	*granted
	identity string
	content  []byte
	counts   map[string]int
	// accounts answer calls; large has a value in the object store, and sandbox is a
	// copy of the first.
	accounts       []string
	large, sandbox string
}

func newIdentity(t *testing.T) (public, private string) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity.Recipient().String(), identity.String()
}

func newExported(t *testing.T, p *platform) *exported {
	t.Helper()
	x := &exported{granted: newGranted(t, p, simulator.OAuth{})}
	for i := range 3 {
		x.accounts = append(x.accounts, x.connectFor(fmt.Sprint("a", i), 3600-3660*(i%2)))
		x.setToken(x.accounts[i], x.vendor.IssueToken(fmt.Sprint("b", i)))
	}
	gate := p.call("POST", "/static-gate", `{"name":"g","domain":"egress.example.com"}`).want(201).text("id")
	integration, desk := p.install("desk")
	p.call("PATCH", "/environment-integration/"+desk, `{"override":{"environment_variables":{"HOST":"h"},"secret_environment_variables":{"KEY":"variable-canary"}}}`).want(200)
	x.large = p.connect(desk, "acme-2", `,"truto_static_gate_id":"`+gate+`"`).text("id")
	p.call("PATCH", "/integrated-account/"+x.large, `{"context":{"files":{"truto_obj_store":true,"data":{"n":9007199254740993}}}}`).want(200)
	x.sandbox = p.call("POST", "/sandbox-integrated-account", `{"id":"`+x.accounts[0]+`"}`).want(201).text("id")
	p.call("POST", "/tenant", `{"id":"lonely","name":"No account"}`).want(201)
	p.call("PATCH", "/environment/"+p.environment.ID, `{"redirect_uris":["https://app.example.com/"]}`).want(200)
	model, installed := p.installModel("crm")
	base := basePath + "/" + p.createMapping(basePath, model, "list", `{"resource":"one"}`).text("id")
	p.call("PATCH", base, `{"config":{"resource":"two"},"release":{"active":1}}`).want(200)
	own := environmentPath + "/" + p.createMapping(environmentPath, installed, "list", `{"query":{"a":1}}`).text("id")
	p.call("PATCH", own, `{"release":{"base":2}}`).want(200)
	for entity, id := range map[string]string{"integration": integration, "environment_integration": desk, "unified_model": model, "environment_unified_model": installed} {
		p.document(entity, id, `"type":"readme","content":"of `+entity+`"`)
	}
	public, private := newIdentity(t)
	path := filepath.Join(t.TempDir(), "environment.age")
	counts, err := p.server.Core.Export(t.Context(), p.environment, public, path)
	p.must(err)
	x.identity, x.counts = private, counts
	x.content, err = os.ReadFile(path)
	p.must(err)
	return x
}

// importInto fills an environment.
func (x *exported) importInto(p *platform, content []byte, signer string) error {
	_, err := p.server.Core.Import(context.Background(), p.environment, bytes.NewReader(content), strings.NewReader(x.identity), signer)
	return err
}

// emptyPlatform is another installation on the same engine of database.
func emptyPlatform(t *testing.T, p *platform) *platform {
	t.Helper()
	database := storetest.NewSQLite
	if p.config.DatabaseURL != "" {
		database = storetest.NewPostgres
	}
	return startPlatform(t, platformConfig(t, database(t)))
}

// wantAlive calls every account, and compares what else was carried over.
func (x *exported) wantAlive(p *platform, id func(string) string) {
	x.t.Helper()
	for _, account := range append([]string{x.sandbox}, x.accounts...) {
		p.get("/proxy/contacts/C-0001?integrated_account_id=" + id(account)).want(200)
	}
	got := p.get("/integrated-account/" + id(x.large)).want(200)
	if got.JSON.At("context", "files", "data", "n").String() != "9007199254740993" || got.text("environment_integration", "override", "environment_variables", "HOST") != "h" {
		x.t.Errorf("got %s", got.Text)
	}
	record, err := p.server.Core.Store.AccountWithSecrets(context.Background(), p.environment.ID, id(x.large))
	x.must(err)
	if !strings.Contains(string(record.OverrideSecret), "variable-canary") || !strings.Contains(string(record.Secrets.Context), "key-canary-1") {
		x.t.Errorf("secrets are lost: %s", record.OverrideSecret)
	}
	_, token, err := p.server.Core.Store.StaticGateToken(context.Background(), p.environment.ID, record.StaticGateID)
	if err != nil || token == "" {
		x.t.Errorf("the gate is lost: %v", err)
	}
	p.get("/tenant/lonely").want(200)
	m, err := p.server.Core.Store.Mapping(context.Background(), sinew.MappingKey{EnvironmentID: p.environment.ID, Model: "crm", Resource: "contacts", Integration: "hubspot", Method: "list"})
	x.must(err)
	if m.Base == nil || m.Environment == nil || m.Base.Active != `{"resource":"two"}` || m.Base.Release.Active != 1 || m.Environment.Active != `{"query":{"a":1}}` || m.Environment.Release.Base != 2 {
		x.t.Errorf("got mapping %+v", m)
	}
	if versions := p.get(basePath + "/" + m.Base.ID + "/versions").want(200).ids(); len(versions) != 2 {
		x.t.Errorf("the mapping has the versions %v", versions)
	}
	installation := got.JSON.Get("environment_integration")
	for entity, of := range map[string]string{
		"integration": installation.Get("integration_id").Str(), "environment_integration": installation.Get("id").Str(), "unified_model": m.Installed.UnifiedModelID, "environment_unified_model": m.Installed.ID,
	} {
		if rows := p.get("/documentation?" + entity + "_id=" + of).want(200).JSON.Get("result"); rows.Len() != 1 || rows.At("0", "content").Str() != "of "+entity {
			x.t.Errorf("the documentation of %s is lost: %s", entity, rows)
		}
	}
	if got := p.get("/sandbox-integrated-account/" + id(x.sandbox)).want(200); got.text("id") != id(x.sandbox) {
		x.t.Errorf("got %s", got.Text)
	}
}

func same(id string) string { return id }

// TestExportAndImport is V11: another installation, with keys of its own, goes on
// with everything under the same ids.
func TestExportAndImport(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		x := newExported(t, p)
		for _, secret := range []string{"canary", "access-", "sinew", x.accounts[0]} {
			if bytes.Contains(x.content, []byte(secret)) {
				t.Errorf("the file shows %q", secret)
			}
		}
		want := map[string]int{"sinew-bundle": 1, "environment": 1, "integration": 2, "environment_integration": 2, "environment_unified_model": 1, "documentation": 4, "static_gate": 1, "tenant": 3, "integrated_account": 5, "api_token": 1}
		want["status_change"], want["event"] = x.counts["status_change"], x.counts["event"]
		if want["status_change"] < 5 || want["event"] < 10 {
			t.Errorf("%d status changes and %d events", want["status_change"], want["event"])
		}
		if diff := cmp.Diff(want, x.counts); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
		fresh := emptyPlatform(t, p)
		if n := p.auditEntries("environment.export"); n != 1 {
			t.Errorf("%d audit entries", n)
		}
		err := x.importInto(fresh, x.content, "")
		if known := (*sinew.Error)(nil); !errors.As(err, &known) || known.Code != bundle.CodeSigner {
			t.Errorf("a bundle of another installation: %v", err)
		}
		p.must(x.importInto(fresh, x.content, p.server.Core.Signer()))
		p.must(x.importInto(fresh, x.content, server.AnySigner)) // changes nothing
		x.wantHistory(p, fresh)
		x.wantAlive(fresh, same)
	})
}

// wantHistory compares timelines, events and settings, before anything happens there.
func (x *exported) wantHistory(p, fresh *platform) {
	x.t.Helper()
	events := func(p *platform) (lines []string) {
		all, err := p.server.Core.Store.Events(context.Background(), p.environment.ID, "", 1000)
		p.must(err)
		for _, e := range all {
			if e.Type != sinew.EventAPITokenCreated { // the other installation has made its own
				lines = append(lines, fmt.Sprint(e.ID, e.Type, e.AccountID, e.Sequence, e.Payload))
			}
		}
		return lines
	}
	if diff := cmp.Diff(events(p), events(fresh)); diff != "" {
		x.t.Errorf("events (-exported +imported):\n%s", diff)
	}
	for _, id := range x.accounts {
		path := "/integrated-account/" + id + "/timeline"
		if diff := cmp.Diff(p.get(path).want(200).JSON.Get("result").String(), fresh.get(path).want(200).JSON.Get("result").String()); diff != "" {
			x.t.Errorf("timeline (-exported +imported):\n%s", diff)
		}
	}
	environment, err := fresh.server.Core.Store.Environment(context.Background(), fresh.environment.ID)
	if err != nil || fmt.Sprint(environment.RedirectURIs) != "[https://app.example.com/]" {
		x.t.Errorf("redirect URIs %v: %v", environment.RedirectURIs, err)
	}
	// The next event goes on where the others end.
	var last, next int64
	x.must(fresh.raw().QueryRow("SELECT max(sequence) FROM event WHERE account_id = $1", x.accounts[2]).Scan(&last))
	fresh.call("PATCH", "/integrated-account/"+x.accounts[2], `{"name":"after"}`).want(200)
	x.must(fresh.raw().QueryRow("SELECT max(sequence) FROM event WHERE account_id = $1", x.accounts[2]).Scan(&next))
	if last < 1 || next != last+1 {
		x.t.Errorf("the event after the import has number %d, and the one before it %d", next, last)
	}
}

// TestExportShowsOneMoment changes all tenants at once, again and again, while they are
// exported: in the file they are alike.
func TestExportShowsOneMoment(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		const tenants = 1000 // several pages
		for n := range tenants {
			p.must(p.server.Core.Store.RestoreTenant(t.Context(), sinew.Tenant{ID: fmt.Sprintf("t-%04d", n), EnvironmentID: p.environment.ID, Name: "0", Metadata: sinew.EmptyObject, CreatedAt: time.Now(), UpdatedAt: time.Now()}))
		}
		stop := make(chan struct{})
		var work sync.WaitGroup
		work.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := p.raw().Exec("UPDATE tenant SET name = $1", fmt.Sprint(n)); err != nil {
					t.Error(err)
					return
				}
			}
		})
		seen := map[string]bool{}
		for n := range 5 {
			public, private := newIdentity(t)
			path := filepath.Join(t.TempDir(), fmt.Sprint(n))
			_, err := p.server.Core.Export(t.Context(), p.environment, public, path)
			p.must(err)
			content, err := os.ReadFile(path)
			p.must(err)
			identities, err := age.ParseIdentities(strings.NewReader(private))
			p.must(err)
			open, err := age.Decrypt(bytes.NewReader(content), identities...)
			p.must(err)
			text, err := io.ReadAll(open)
			p.must(err)
			names := map[string]int{}
			for line := range bytes.Lines(text) {
				if v := jsonx.MustParse(string(line)); v.Get("kind").Str() == "tenant" {
					names[v.At("tenant", "Name").Str()]++
				}
			}
			if len(names) != 1 {
				t.Fatalf("the file shows several moments: %v", names)
			}
			for name, count := range names {
				if seen[name] = true; count != tenants {
					t.Errorf("the file has %d tenants", count)
				}
			}
		}
		close(stop)
		work.Wait()
		t.Logf("moments: %v", seen)
	})
}

// TestImportBesideTheOriginal gives rows other ids where theirs are taken.
func TestImportBesideTheOriginal(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		x := newExported(t, p)
		staging := p.inEnvironment("staging")
		if err := x.importInto(p, x.content, ""); err == nil {
			t.Error("a bundle was imported into an environment that is not empty")
		}
		p.must(x.importInto(staging, x.content, ""))
		x.wantAlive(staging, func(id string) string {
			restored, there, err := p.server.Core.Store.RestoredAccountID(t.Context(), staging.environment.ID, id)
			if err != nil || !there || restored == id {
				t.Errorf("account %s is %s: %v", id, restored, err)
			}
			return restored
		})
		x.wantAlive(p, same)
	})
}

// brittle stops an import after some accounts.
type brittle struct {
	bundle.Restorer
	left int
}

func (b *brittle) Restore(ctx context.Context, r sinew.AccountRecord, large map[string]sinew.JSON) error {
	if b.left--; b.left < 0 {
		return errStop
	}
	return b.Restorer.Restore(ctx, r, large)
}

// TestImportGoesOn stops an import half-way, as a crash would, and repeats it.
func TestImportGoesOn(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		x := newExported(t, p)
		fresh := emptyPlatform(t, p)
		core := fresh.server.Core
		identities, err := bundle.ParseIdentities(strings.NewReader(x.identity))
		p.must(err)
		for range x.accounts {
			_, err = bundle.Import(t.Context(), fresh.environment, core.Store, &brittle{core.Accounts, 1}, bytes.NewReader(x.content), identities, func(bundle.Checked) error { return nil })
			if !errors.Is(err, errStop) {
				t.Fatalf("got %v", err)
			}
		}
		p.must(x.importInto(fresh, x.content, server.AnySigner))
		x.wantAlive(fresh, same)
	})
}

// TestDamagedBundlesAreRefused changes, cuts and extends a bundle everywhere, and
// has others rewrite it. Nothing is written.
func TestDamagedBundlesAreRefused(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	x := newExported(t, p)
	fresh := emptyPlatform(t, p)
	refused := func(what string, content []byte, code string) {
		t.Helper()
		err := x.importInto(fresh, content, p.server.Core.Signer())
		if known := (*sinew.Error)(nil); !errors.As(err, &known) || known.Code != code && code != "" {
			t.Errorf("%s: got %v, want %s", what, err, code)
		}
	}
	step := max(len(x.content)/testkit.Thin(300), 1)
	for at := 0; at < len(x.content); at += step {
		changed := bytes.Clone(x.content)
		changed[at] ^= 1
		refused(fmt.Sprint("byte ", at, " flipped"), changed, "")
		refused(fmt.Sprint("cut at ", at), x.content[:at], "")
	}
	refused("extended", append(bytes.Clone(x.content), 'x'), bundle.CodeDamaged)
	lines := bytes.SplitAfter(x.open(), []byte("\n"))
	for i := range lines {
		refused(fmt.Sprint("without line ", i), x.seal(bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)), bundle.CodeDamaged)
		if i > 0 {
			refused(fmt.Sprint("cut in line ", i), x.seal(bytes.Join(lines[:i], nil)[:len(bytes.Join(lines[:i], nil))-1]), bundle.CodeDamaged)
		}
		if len(lines) == i+2 {
			break
		}
	}
	public, private := newIdentity(t)
	mine := x.identity
	x.identity = private
	refused("for somebody else", x.content, bundle.CodeForeign)
	x.identity = mine
	if _, err := bundle.ParseRecipients("ssh-rsa x" + public); err == nil {
		t.Error("that is no recipient")
	}
	for _, list := range []string{"/integrated-account", "/environment-integration", "/tenant", "/static-gate"} {
		if got := fresh.get(list).want(200).ids(); len(got) != 0 {
			t.Errorf("%s: %v was written", list, got)
		}
	}
	p.must(x.importInto(fresh, x.content, p.server.Core.Signer()))
}

// open decrypts the bundle.
func (x *exported) open() []byte {
	x.t.Helper()
	identity, err := age.ParseX25519Identity(x.identity)
	x.must(err)
	in, err := age.Decrypt(bytes.NewReader(x.content), identity)
	x.must(err)
	text, err := io.ReadAll(in)
	x.must(err)
	return text
}

// seal encrypts a text as a bundle is.
func (x *exported) seal(text []byte) []byte {
	x.t.Helper()
	identity, err := age.ParseX25519Identity(x.identity)
	x.must(err)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, identity.Recipient())
	x.must(err)
	_, err = w.Write(text)
	x.must(errors.Join(err, w.Close()))
	return out.Bytes()
}

// TestBundleHeader holds what a bundle says of itself to whoever opens it.
func TestBundleHeader(t *testing.T) {
	t.Parallel()
	x := newExported(t, newPlatform(t))
	first, _, _ := bytes.Cut(x.open(), []byte("\n"))
	header := jsonx.MustParse(string(first))
	if header.Get("kind").Str() != "sinew-bundle" || header.At("header", "environment_id").Str() != x.environment.ID {
		t.Errorf("got %s", first)
	}
}
