package server_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestTwoNodesSeeEachOther runs two servers on one PostgreSQL: what one writes,
// the other shows with its next answer, definitions included.
func TestTwoNodesSeeEachOther(t *testing.T) {
	t.Parallel()
	a := startPlatform(t, platformConfig(t, storetest.NewPostgres(t)))
	other := *a
	b := &other
	b.log = &logText{}
	b.start()
	t.Cleanup(b.stop)
	integration, installation := a.install("desk")
	account := b.connect(installation, "acme-1", "").text("id")
	for _, label := range []string{"One", "Two", "Three"} {
		a.call("PATCH", "/integration/"+integration, `{"config":{"label":"`+label+`"}}`).want(200)
		for _, node := range []*platform{a, b} {
			if got := node.get("/integrated-account/"+account).want(200).text("integration", "config", "label"); got != label {
				t.Errorf("got label %q, want %q", got, label)
			}
		}
	}
	page := a.get("/integrated-account?limit=1").want(200)
	a.connect(installation, "acme-2", "")
	cursor := a.get("/integrated-account?limit=1").want(200).text("next_cursor")
	if got := b.get("/integrated-account?limit=1&next_cursor=" + cursor).want(200).ids(); len(got) != 1 || got[0] != page.ids()[0] {
		t.Errorf("a cursor of one node leads to %v on the other", got)
	}
	token := b.newToken(b.environment.ID)
	a.token = token
	a.get("/integrated-account").want(200)
}

// TestNodesThatStartTogether lets several servers make one team of an empty
// database.
func TestNodesThatStartTogether(t *testing.T) {
	t.Parallel()
	eachPlatformConfig(t, func(t *testing.T, c config.Config) {
		const nodes = 4
		opened := make(chan *server.Core, nodes)
		for range nodes {
			go func() {
				core, err := server.OpenCore(context.Background(), c, quiet())
				if err != nil {
					t.Errorf("open: %v", err)
				}
				opened <- core
			}()
		}
		for range nodes {
			core := <-opened
			if core == nil {
				continue
			}
			teams, err := core.Store.Teams(t.Context())
			if err != nil || len(teams) != 1 {
				t.Errorf("got %d teams, %v", len(teams), err)
			}
			if err := core.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestObjectStoreOnS3(t *testing.T) {
	t.Parallel()
	s3 := testkit.StartS3(t)
	c := platformConfig(t, storetest.NewSQLite(t))
	c.EgressAllow = nil // what the operator names needs no permission of its own
	c.BlobStore = config.BlobStore{S3: &config.S3{
		Bucket: s3.Bucket, Prefix: "blobs", Endpoint: s3.Endpoint, Insecure: true, Region: "us-east-1", PathStyle: true,
		AccessKeyID: s3.AccessKeyID, SecretAccessKey: config.Secret(s3.SecretAccessKey),
	}}
	p := startPlatform(t, c)
	_, installation := p.install("desk")
	id := p.connect(installation, "acme-1", "").text("id")
	wrapper := `{"truto_obj_store":true,"data":["large"]}`
	p.call("PATCH", "/integrated-account/"+id, `{"context":{"files":`+wrapper+`}}`).want(200)
	if got := p.get("/integrated-account/"+id).want(200).JSON.At("context", "files").String(); got != wrapper {
		t.Errorf("got %s", got)
	}
}

func TestRegionsPlaceLargeValues(t *testing.T) {
	t.Parallel()
	c := platformConfig(t, storetest.NewSQLite(t))
	eu := filepath.Join(c.DataDir, "eu")
	c.Regions = map[string]config.Placement{string(sinew.RegionEU): {BlobStore: config.BlobStore{Dir: eu}}}
	p := startPlatform(t, c)
	_, installation := p.install("desk")
	for region, place := range map[string]string{"eu": eu, "wnam": c.BlobStore.Dir} {
		before := countFiles(t, place)
		id := p.connect(installation, "acme-1", `,"region":"`+region+`"`).text("id")
		p.call("PATCH", "/integrated-account/"+id, `{"context":{"files":{"truto_obj_store":true,"data":"`+strings.Repeat("x", 5000)+`"}}}`).want(200)
		if got := p.get("/integrated-account/"+id).text("context", "files", "data"); len(got) != 5000 {
			t.Errorf("%s: got %d characters back", region, len(got))
		}
		if after := countFiles(t, place); after != before+1 {
			t.Errorf("%s: %d files in %s, want %d", region, after, place, before+1)
		}
	}
	detail := ""
	for _, check := range p.get("/readyz").want(200).JSON.Get("checks").Items() {
		if check.Get("name").Str() == "regions" {
			detail = check.Get("detail").Str()
		}
	}
	if !strings.HasPrefix(detail, "placed: eu;") {
		t.Errorf("got %q", detail)
	}
}

func countFiles(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(_ string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCloseDrains lets a request that is under way finish.
func TestCloseDrains(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := newCalled(t, p)
	entered, release := make(chan struct{}), make(chan struct{})
	c.vendor.mu.Lock()
	c.vendor.answer = func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"late":true}`)
	}
	c.vendor.mu.Unlock()
	answered := make(chan *reply)
	go func() { answered <- c.proxy("GET", "/contacts/1", "") }()
	<-entered
	closed := make(chan error)
	running := p.server
	go func() { closed <- running.Close() }()
	select {
	case err := <-closed:
		t.Fatalf("the server closed over a request: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	if got := <-answered; got.Status != 200 || got.Text != `{"late":true}` {
		t.Errorf("got %d %s", got.Status, got.Text)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	p.server = nil
}

// TestDefinitionsAreLiveOnEveryNode makes calls through one node while another
// one changes what they are made from: each layer shows in the next call.
func TestDefinitionsAreLiveOnEveryNode(t *testing.T) {
	t.Parallel()
	a := startPlatform(t, platformConfig(t, storetest.NewPostgres(t)))
	other := *a
	b := &other
	b.log = &logText{}
	b.start()
	t.Cleanup(b.stop)
	here := a.example(t, `{"headers":{"X-V":"0"}}`, "")
	there := *here
	there.platform = b.with(t)
	nodes := []*called{here, &there}
	expect := func(what, want string) {
		t.Helper()
		for i, node := range nodes {
			node.ask("GET /things/1", "").want(200)
			if got := here.vendor.last().Header.Get("X-V"); got != want {
				t.Errorf("%s, node %d: the vendor got %q, want %q", what, i, got, want)
			}
		}
	}
	expect("before", "0")
	for round := range 3 {
		n := func(step string) string { return step + strconv.Itoa(round) }
		writer := nodes[round%2]
		change := func(path, body string) { t.Helper(); writer.platform.call("PATCH", path, body).want(200) }
		change("/integration/"+here.integration, `{"config":{"headers":{"X-V":"`+n("config")+`"}}}`)
		expect("config", n("config"))
		change("/integration/"+here.integration, `{"config":{"resources":{"things":{"get":{"headers":{"X-V":"`+n("method")+`"}}}}}}`)
		expect("a method", n("method"))
		change("/environment-integration/"+here.installation, `{"override":{"environment_variables":{"V":"`+n("variable")+`"},"resources":{"things":{"get":{"headers":{"X-V":"{{environment_variables.V}}"}}}}}}`)
		expect("the installation", n("variable"))
		change("/environment-integration/"+here.installation, `{"override":{"secret_environment_variables":{"V":"`+n("secret")+`"},"resources":{"things":{"get":{"headers":{"X-V":"{{environment_variables.V}}"}}}}}}`)
		expect("a secret of the installation", n("secret"))
		change("/integrated-account/"+here.account, `{"integration_override":{"resources":{"things":{"get":{"headers":{"X-V":"`+n("account")+` {{api_key}}"}}}}}}`)
		expect("the account", n("account")+" key-canary-1")
		change("/integrated-account/"+here.account, `{"integration_override":{}}`)
		change("/environment-integration/"+here.installation, `{"override":{}}`)
		expect("without overrides", n("method"))
		change("/integration/"+here.integration, `{"config":{"resources":{"things":{"get":{"headers":null}}}}}`)
		expect("without the method's", n("config"))
	}
}
