package server_test

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/seal"
	"github.com/sinewhq/sinew/internal/seal/keyservice/keyservicetest"
	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

// keyService is a key service that a test starts.
type keyService struct {
	service config.KeyService
	other   config.KeyService // another key in it
	lend    func(*config.Config)
	calls   func() int
}

// eachKeyService runs a test with a master key in each service, on each
// database.
func eachKeyService(t *testing.T, run func(t *testing.T, k keyService, c config.Config)) {
	t.Helper()
	t.Run("transit", func(t *testing.T) {
		t.Parallel()
		s := testkit.StartTransit(t)
		s.Mount("", "transit")
		s.Call("", "transit/keys/sinew", `{}`)
		s.Call("", "transit/keys/other", `{}`)
		k := keyService{
			service: config.KeyService{Vault: &config.VaultKey{Address: s.Address, Mount: "transit", Key: "sinew"}},
			other:   config.KeyService{Vault: &config.VaultKey{Address: s.Address, Mount: "transit", Key: "other"}},
			lend:    func(c *config.Config) { c.VaultToken = testkit.TransitApp },
			calls: func() int {
				n, err := strconv.Atoi(s.Call("", "sys/calls", ``))
				if err != nil {
					t.Fatal(err)
				}
				return n
			},
		}
		eachServiceConfig(t, k, run)
	})
	t.Run("kms", func(t *testing.T) {
		t.Parallel()
		s := keyservicetest.NewKMS(t)
		other := strings.Replace(s.KeyID, "1234abcd", "99999999", 1)
		k := keyService{
			service: config.KeyService{AWS: &config.AWSKey{ID: s.KeyID, Region: s.Region, Endpoint: s.URL}},
			other:   config.KeyService{AWS: &config.AWSKey{ID: other, Region: s.Region, Endpoint: s.URL}},
			lend: func(c *config.Config) {
				c.AWS = config.AWSAccess{AccessKeyID: s.AccessKeyID, SecretAccessKey: config.Secret(s.SecretAccessKey)}
			},
			calls: s.Calls,
		}
		eachServiceConfig(t, k, run)
	})
}

func eachServiceConfig(t *testing.T, k keyService, run func(t *testing.T, k keyService, c config.Config)) {
	t.Helper()
	eachPlatformConfig(t, func(t *testing.T, c config.Config) {
		c.MasterKeyFile, c.MasterKeyService = "", k.service
		k.lend(&c)
		run(t, k, c)
	})
}

// TestMasterKeyInAKeyService runs a server whose master key is elsewhere.
func TestMasterKeyInAKeyService(t *testing.T) {
	t.Parallel()
	eachKeyService(t, func(t *testing.T, k keyService, c config.Config) {
		p := startPlatform(t, c)
		w := newWorld(p, "kept")
		if _, err := os.Stat(filepath.Join(c.DataDir, "master.key")); !os.IsNotExist(err) && c.DatabaseURL == "" {
			t.Errorf("a master key file was made beside the key service: %v", err)
		}
		// The other key opens nothing, and a file does not either.
		p.stop()
		foreign := c
		foreign.MasterKeyService = k.other
		refuse(t, foreign, `the data was written with master key (hcvault|aws-kms):\S+, and this is key (hcvault|aws-kms):\S+: give the address of the key that belongs to the data with --master-key-uri`)
		file := c
		file.MasterKeyService, file.MasterKeyFile = config.KeyService{}, filepath.Join(t.TempDir(), "master.key")
		refuse(t, file, `no master key file .*`)
		_, err := seal.GenerateMasterFile(file.MasterKeyFile)
		p.must(err)
		refuse(t, file, `the data was written with master key (hcvault|aws-kms):\S+, and this is key [0-9a-f]+: give the address`)
		silent := c
		silent.VaultToken, silent.AWS.SecretAccessKey = "stolen", "stolen"
		refuse(t, silent, `The key service that opens stored credentials cannot be used now: the key service at http://127.0.0.1:\d+: it does not (let|know)`)

		p.start()
		p.as(p.token).get("/integrated-account/" + w.account).want(200)
		p.call("PATCH", "/integrated-account/"+w.account, `{"context":{"api_key":"new"}}`).want(200)
	})
}

// TestKeyServiceIsAskedOnce counts the calls of a start and of many uses.
func TestKeyServiceIsAskedOnce(t *testing.T) {
	t.Parallel()
	s := keyservicetest.NewKMS(t)
	c := platformConfig(t, storetest.NewSQLite(t))
	c.MasterKeyService = config.KeyService{AWS: &config.AWSKey{ID: s.KeyID, Region: s.Region, Endpoint: s.URL}}
	c.AWS = config.AWSAccess{AccessKeyID: s.AccessKeyID, SecretAccessKey: config.Secret(s.SecretAccessKey)}
	p := startPlatform(t, c)
	_, installation := p.install("desk")
	account := p.connect(installation, "acme", "").text("id")
	p.stop()
	before := s.Calls()
	p.start()
	if got, want := s.Calls()-before, 3; got != want {
		t.Errorf("a start asked the key service %d times, want %d: once for each server key", got, want)
	}
	before = s.Calls()
	var work sync.WaitGroup
	for i := range 20 {
		work.Go(func() {
			p.call("PATCH", "/integrated-account/"+account, fmt.Sprintf(`{"context":{"api_key":"key-%d"}}`, i)).want(200)
			p.connect(installation, fmt.Sprintf("tenant-%d", i), "")
		})
	}
	work.Wait()
	if got := s.Calls() - before; got > 2 {
		t.Errorf("40 writes asked the key service %d times, want once for the environment and once for its team at most", got)
	}
	// What is open stays open while the service is away; what is not says so,
	// and works when it is back.
	s.Fail(keyservicetest.Fault{Status: 503, Type: "DependencyTimeoutException"}, 1000)
	p.call("PATCH", "/integrated-account/"+account, `{"context":{"api_key":"during the outage"}}`).want(200)
	staging := p.inEnvironment("staging")
	r := staging.call("POST", "/static-gate", `{"name":"gate","domain":"egress.example.com"}`).want(503)
	if got := r.text("code"); got != "key_service_unusable" || strings.Contains(r.Text, "127.0.0.1") {
		t.Errorf("got %s", r.Text)
	}
	s.Fail(keyservicetest.Fault{}, 0)
	staging.call("POST", "/static-gate", `{"name":"gate","domain":"egress.example.com"}`).want(201)
}

// TestKeyServiceWithItsOwnCertificate reaches a transit engine by TLS.
func TestKeyServiceWithItsOwnCertificate(t *testing.T) {
	t.Parallel()
	s := testkit.StartTransit(t)
	s.Mount("team-a", "transit")
	s.Call("team-a", "transit/keys/sinew", `{}`)
	behind, err := url.Parse(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(behind))
	t.Cleanup(front.Close)
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c := platformConfig(t, storetest.NewSQLite(t))
	key := config.VaultKey{Address: front.URL, Mount: "transit", Key: "sinew", Namespace: "team-a", TokenFile: write("token", []byte(testkit.TransitApp))}
	c.MasterKeyService = config.KeyService{Vault: &key}
	refuse(t, c, `it cannot be reached: .*its certificate is not trusted`)
	key.CAFile = filepath.Join(dir, "absent")
	refuse(t, c, `read certificates of the key service`)
	key.CAFile = write("empty.pem", []byte("hello"))
	refuse(t, c, `holds no certificate`)
	key.CAFile = write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}))
	p := startPlatform(t, c)
	newWorld(p, "kept")
}

// TestRestoredDumpNeedsTheKeyService opens a copy of the data without the key
// service, the rows adjusted as an attacker would.
func TestRestoredDumpNeedsTheKeyService(t *testing.T) {
	t.Parallel()
	eachKeyService(t, func(t *testing.T, k keyService, c config.Config) {
		p := startPlatform(t, c)
		newWorld(p, "dump")
		p.stop()
		d := openDatabase(t, c)
		thief := c
		thief.MasterKeyService, thief.MasterKeyFile = config.KeyService{}, filepath.Join(t.TempDir(), "thief.key")
		master, err := seal.GenerateMasterFile(thief.MasterKeyFile)
		p.must(err)
		d.exec("UPDATE server_key SET master_id = $1", master.ID())
		refuse(t, thief, `does not open the data`)
		d.exec("DELETE FROM server_key")
		p.config = thief
		p.start()
		p.as(p.token).get("/team").want(401)
		p.token = p.newToken(p.environment.ID)
		account := p.get("/integrated-account").want(200).ids()[0]
		p.call("PATCH", "/integrated-account/"+account, `{"context":{"plan":"x"}}`).want(500)
	})
}

// TestKeysMoveToAnotherMaster moves the keys of an installation from a file to
// a key service and back, under a server that serves all the while.
func TestKeysMoveToAnotherMaster(t *testing.T) {
	t.Parallel()
	eachKeyService(t, func(t *testing.T, k keyService, c config.Config) {
		inService := c
		c.MasterKeyService, c.MasterKeyFile = config.KeyService{}, filepath.Join(c.DataDir, "moving.key")
		_, err := seal.GenerateMasterFile(c.MasterKeyFile)
		if err != nil {
			t.Fatal(err)
		}
		alone := c // the file, without the service
		p := startPlatform(t, c)
		w := newWorld(p, "moving")
		p.stop()

		both := c
		both.NextMasterKeyService = k.service
		back := inService
		back.NextMasterKeyFile = alone.MasterKeyFile
		for _, move := range []struct {
			name               string
			during, then, gone config.Config
			by                 string
			keys               int // of the server, the team and its environments
		}{
			{"to the service", both, inService, alone, k.id(), 3 + 1 + 3},
			{"back to the file", back, alone, inService, "", 3 + 1 + 4},
		} {
			p.config = move.during
			p.start()
			moved := p.whileServing(w, func() server.Rewrapped {
				done, err := server.RewrapKeys(t.Context(), move.during)
				p.must(err)
				return done
			})
			if moved.Keys != move.keys || move.by != "" && moved.Master != move.by {
				t.Errorf("%s: wrapped %d keys by %s, want %d by %s", move.name, moved.Keys, moved.Master, move.keys, move.by)
			}
			// An environment that is made now gets a key of the new master.
			team, err := p.server.Core.Workspace.FindTeam(t.Context(), "")
			p.must(err)
			made, err := p.server.Core.Workspace.CreateEnvironment(t.Context(), team.ID, "made "+move.name)
			p.must(err)
			again, err := server.RewrapKeys(t.Context(), move.during)
			if err != nil || again.Keys != 0 {
				t.Errorf("%s, once more: wrapped %d keys, %v", move.name, again.Keys, err)
			}
			p.stop()
			refuse(t, move.gone, `the data was written with master key \S+, and this is key \S+`)
			p.config = move.then
			p.start()
			p.call("PATCH", "/integrated-account/"+w.account, `{"context":{"api_key":"`+move.name+`"}}`).want(200)
			inMade := *p
			inMade.token = p.newToken(made.ID)
			inMade.call("POST", "/static-gate", `{"name":"gate","domain":"egress.example.com"}`).want(201)
			p.stop()
		}
		// The same key again brings all keys to its newest version.
		p.config = alone
		done, err := server.RewrapKeys(t.Context(), alone)
		if want := 3 + 1 + 5; err != nil || done.Keys != want {
			t.Errorf("again by the same key: wrapped %d keys, %v, want %d", done.Keys, err, want)
		}
		same := inService
		same.NextMasterKeyService = k.service
		refuse(t, same, `the next master key has the name of the present one`)
		p.start()
	})
}

// id is the fingerprint of the service's key.
func (k keyService) id() string {
	if k.service.Vault != nil {
		return "hcvault:transit/sinew"
	}
	return "aws-kms:" + k.service.AWS.ID[strings.LastIndex(k.service.AWS.ID, ":")+1:]
}

// whileServing runs work while callers read and write secrets, and counts what
// fails.
func (p *platform) whileServing(w *world, work func() server.Rewrapped) server.Rewrapped {
	p.t.Helper()
	var stop atomic.Bool
	var served atomic.Int64
	var callers sync.WaitGroup
	for i := range 3 {
		callers.Go(func() {
			for n := 0; !stop.Load(); n++ {
				r := p.call("PATCH", "/integrated-account/"+w.account, fmt.Sprintf(`{"context":{"pin":"%d-%d"}}`, i, n))
				if r.Status != 200 {
					p.t.Errorf("during the move: status %d\n%s", r.Status, r.Text)
					return
				}
				served.Add(1)
			}
		})
	}
	result := work()
	for before := served.Load(); served.Load() < before+10 && !p.t.Failed(); {
		time.Sleep(time.Millisecond)
	}
	stop.Store(true)
	callers.Wait()
	return result
}
