package kill_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/testkit"
)

// moments is how long the customers of a round take, one beside the other, and the
// longest time until the server is killed.
const moments = 1500 * time.Millisecond

// TestKilledWhileConnecting ends the server while customers connect: on their way
// to the vendor and back, while the vendor is asked for the token, while it is
// stored, and while the account's steps run; half of them by a code on another
// device. Each attempt succeeds all the same, with an account that can be used, or
// fails with a reason, and the same link connects at the next try. No link makes
// two accounts, none is used up without one, and no code is shown to the vendor
// twice.
func TestKilledWhileConnecting(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) testkit.Database{testkit.SQLite: testkit.NewSQLite, testkit.Postgres: testkit.NewPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := newSeed(t)
			random := newRand(seed, 0)
			s := newScene(t, newInstallation(t, database(t)))
			for round := range rounds(6) {
				victim := s.i.serve()
				customers := s.invite(victim, round)
				var work sync.WaitGroup
				for n, c := range customers {
					pause := after(newRand(seed, 1+round*len(customers)+n), moments)
					work.Go(func() { <-pause; c.connect(victim) })
				}
				<-after(random, moments)
				victim.kill()
				work.Wait()
				s.forget()
				steady := s.i.serve()
				for _, c := range customers {
					c.settle(steady)
				}
				s.check(steady, customers)
				steady.kill()
			}
			t.Logf("%d attempts have succeeded, %d of them after the kill; %d have failed, %d had not begun or not come back", s.succeeded, s.carried, s.failed, s.away)
		})
	}
}

// scene is an installation with a vendor whose customers consent at once.
type scene struct {
	t         *testing.T
	i         *installation
	vendor    *simulator.Simulator
	gate      *gate
	token     string
	succeeded int
	carried   int // succeeded after the kill
	failed    int
	away      int
}

func newScene(t *testing.T, i *installation) *scene {
	t.Helper()
	s := &scene{t: t, i: i, token: i.newToken(), vendor: simulator.New(simulator.Options{OAuth: simulator.OAuth{Consent: simulator.ConsentAllow, Latency: "150ms", DeviceInterval: 1}})}
	s.gate = &gate{vendor: s.vendor}
	vendor := httptest.NewServer(s.gate)
	t.Cleanup(func() {
		vendor.CloseClientConnections()
		vendor.Close()
	})
	server := i.serve()
	defer server.kill()
	step := jsonx.MustParse(`{"steps":[{"type":"request","name":"one","config":{"method":"get","path":"/me"}},{"type":"request","name":"two","config":{"method":"get","path":"/me"}}]}`)
	config := simulator.Integration(vendor.URL, simulator.AuthBearer).
		SetAt(step, "actions", "post_install").SetAt(step, "actions", "validation").
		SetAt(jsonx.MustParse(`{"login_hint":"{{hint}}"}`), "credentials", "oauth2", "config", "params")
	integration := s.send(server, s.token, "POST", "/integration", jsonx.MustParse(`{"name":"vendor"}`).With("config", config).String())
	s.send(server, s.token, "POST", "/environment-integration", `{"integration_id":"`+integration.Get("id").Str()+`"}`)
	return s
}

func (s *scene) send(p *process, token, method, path, body string) jsonx.Value {
	s.t.Helper()
	v, err := newWriter("scene", newRand(1, 1), token, "").send(p.url, method, path, body)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, p.log)
	}
	return v
}

// forget tells the database what the test knows: that the process is dead. By
// itself another node waits until leases and deadlines have passed; SQLite's one
// process knows it at its start.
func (s *scene) forget() {
	s.t.Helper()
	forgetLeases(s.t, s.i, s.token)
	if s.i.db.Name == testkit.SQLite {
		return
	}
	c := newChecker(s.t, s.i, s.token)
	defer c.close()
	if _, err := c.sql.ExecContext(s.t.Context(), "UPDATE connect_attempt SET deadline = 0 WHERE status = 'exchanging' AND mode <> 'device'"); err != nil {
		s.t.Fatal(err)
	}
}

// customer is somebody with a link.
type customer struct {
	*scene
	name, link string
	device     bool
	mu         sync.Mutex
	attempt    string // "" when its answer was lost
	before     string // the status before the kill, as far as the customer knows
}

func (s *scene) invite(p *process, round int) []*customer {
	s.t.Helper()
	customers := make([]*customer, 10)
	for n := range customers {
		c := &customer{scene: s, name: fmt.Sprintf("r%dc%d", round, n), device: n%2 == 1}
		c.link = s.send(p, s.token, "POST", "/link-token", `{"tenant_id":"`+c.name+`","context":{"hint":"`+c.name+`"}}`).Get("link_token").Str()
		customers[n] = c
	}
	return customers
}

// connect goes as far as the server lives.
func (c *customer) connect(p *process) {
	w := newWriter(c.name, rand.New(rand.NewPCG(1, 1)), c.link, "")
	defer w.client.CloseIdleConnections()
	mode := "popup"
	if c.device {
		mode = "device"
	}
	attempt, err := w.send(p.url, "POST", "/connect/vendor/authorize", `{"format":"oauth2","mode":"`+mode+`"}`)
	if err != nil {
		if !errors.Is(err, errLost) {
			c.t.Error(err)
		}
		return
	}
	c.mu.Lock()
	c.attempt = attempt.Get("id").Str()
	c.mu.Unlock()
	if c.device {
		c.vendor.ApproveDevice(attempt.Get("user_code").Str(), c.name)
	} else {
		browse(attempt.Get("redirect_url").Str())
	}
	for {
		now, err := w.send(p.url, "GET", "/connect/session/attempt/"+c.attempt+"?wait=25", "")
		if err != nil || c.before == "succeeded" || c.before == "failed" {
			return
		}
		c.before = now.Get("status").Str()
	}
}

// id is the attempt's.
func (c *customer) id() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.attempt
}

// browse follows all redirects as a browser does, as long as somebody answers.
func browse(address string) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Jar: jar, Transport: transport}).Get(address)
	if err != nil {
		return
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
}

// settle waits for an attempt to end, and tries again where it has not succeeded.
func (c *customer) settle(p *process) {
	c.t.Helper()
	switch status, reason := c.outcome(p); status {
	case "succeeded":
		c.succeeded++
		if c.before != "succeeded" {
			c.carried++
		}
		return
	case "failed":
		if c.failed++; reason != "interrupted" {
			c.t.Errorf("customer %s: the attempt has failed with %q", c.name, reason)
		}
	default:
		c.away++
	}
	c.device = false
	c.connect(p)
	if status, reason := c.outcome(p); status != "succeeded" {
		c.t.Errorf("customer %s: the second attempt is %s, %s\n%s", c.name, status, reason, p.log)
	}
}

// outcome is what has become of an attempt: its end, or redirect for one whose
// customer has not come back; "" for one that never began.
func (c *customer) outcome(p *process) (status, reason string) {
	c.t.Helper()
	if c.attempt == "" {
		return "", ""
	}
	for deadline := time.Now().Add(time.Minute); ; {
		a := c.send(p, c.link, "GET", "/connect/session/attempt/"+c.attempt+"?wait=5", "")
		status = a.Get("status").Str()
		if status == "succeeded" || status == "failed" || status == "redirect" && !c.device {
			return status, a.Get("error_code").Str()
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("customer %s: the attempt comes to no end: %s\n%s", c.name, a, p.log)
		}
	}
}

// check looks for accounts that are too many, too few or of no use.
func (s *scene) check(p *process, customers []*customer) {
	s.t.Helper()
	for _, c := range customers {
		list := s.send(p, s.token, "GET", "/integrated-account?tenant_id="+c.name, "").Get("result")
		if list.Len() != 1 || list.Items()[0].Get("status").Str() != "active" {
			s.t.Errorf("customer %s has the accounts %s", c.name, list)
			continue
		}
		me := s.send(p, s.token, "POST", "/proxy/users/me?integrated_account_id="+list.Items()[0].Get("id").Str(), "")
		if got := me.At("result", "id").Str(); got != c.name {
			s.t.Errorf("the account of customer %s answers %s", c.name, me)
		}
		if counts := s.vendor.TokenCounts(c.name); counts.Reused > 0 && !c.wasDevice() {
			s.t.Errorf("customer %s: a code was shown again: %+v", c.name, counts)
		}
	}
	check := newChecker(s.t, s.i, s.token)
	defer check.close()
	for what, query := range map[string]string{
		"links that are used up without an account":     "SELECT id FROM link_token WHERE burnt_at IS NOT NULL AND (account_id IS NULL OR account_id NOT IN (SELECT id FROM integrated_account))",
		"attempts that have succeeded without one":      "SELECT id FROM connect_attempt WHERE status = 'succeeded' AND account_id IS NULL",
		"attempts that have ended and keep a secret":    "SELECT id FROM connect_attempt WHERE status IN ('working', 'succeeded', 'failed') AND secret IS NOT NULL",
		"links of which two attempts have succeeded":    "SELECT link_token_id FROM connect_attempt WHERE status = 'succeeded' GROUP BY link_token_id HAVING count(*) > 1",
		"attempts whose account is another's of a link": "SELECT a.id FROM connect_attempt a JOIN link_token t ON t.id = a.link_token_id WHERE a.account_id <> t.account_id",
	} {
		if rows := check.texts(query); len(rows) > 0 {
			s.t.Errorf("%s: %v", what, rows)
		}
	}
}

// wasDevice reports whether the customer began with a code on another device, of
// which a question may be repeated: its answer was lost.
func (c *customer) wasDevice() bool { return (c.name[len(c.name)-1]-'0')%2 == 1 }
