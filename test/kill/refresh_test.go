package kill_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// connections are accounts of an issuer, on the processes of an installation.
type connections struct {
	t         *testing.T
	i         *installation
	issuer    *issuer
	token     string
	installed string
}

func newConnections(t *testing.T, i *installation) *connections {
	t.Helper()
	issuer := newIssuer(t)
	c := newConnectionsTo(t, i, issuer.URL, issuer.URL)
	c.issuer = issuer
	return c
}

// newConnectionsTo installs an integration whose things and tokens are at two addresses.
func newConnectionsTo(t *testing.T, i *installation, vendor, issuer string) *connections {
	t.Helper()
	c := &connections{t: t, i: i, token: i.newToken()}
	server := i.serve()
	defer server.kill()
	integration := c.send(server, "POST", "/integration", `{"name":"issuer","config":{"label":"Issuer","base_url":"`+vendor+`",
		"credentials":{"oauth2":{"format":"oauth2","config":{"client":{"id":"app","secret":"app-secret"},"auth":{"tokenHost":"`+issuer+`","tokenPath":"/token"}}}},
		"resources":{"things":{"get":{"path":"/things/{{id}}"}}}}}`).Get("id").Str()
	c.installed = c.send(server, "POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).Get("id").Str()
	return c
}

func (c *connections) send(p *process, method, path, body string) jsonx.Value {
	c.t.Helper()
	v, err := newWriter("connections", newRand(1, 1), c.token, "").send(p.url, method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", method, path, err, p.log)
	}
	return v
}

// expired imports an account whose token has run out.
func (c *connections) expired(p *process, name string) (account string) {
	c.t.Helper()
	c.issuer.set(func() { c.issuer.tokens[name] = &issued{refresh: 1, access: 1} })
	return c.importExpired(p, name)
}

func (c *connections) importExpired(p *process, name string) (account string) {
	c.t.Helper()
	return c.importToken(p, name, "2020-01-01T00:00:00Z")
}

// refused imports an account whose token the vendor does not take, though it has not
// run out: only who calls finds out, and no job does it first.
func (c *connections) refused(p *process, name string) (account string) {
	c.t.Helper()
	c.issuer.set(func() { c.issuer.tokens[name] = &issued{refresh: 1} })
	return c.importToken(p, name, time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339))
}

func (c *connections) importToken(p *process, name, expires string) (account string) {
	c.t.Helper()
	return c.send(p, "POST", "/integrated-account", fmt.Sprintf(`{"tenant_id":"t","environment_integration_id":"%s","authentication_method":"oauth2",
		"context":{"oauth":{"token":{"access_token":"access-%[2]s-1","refresh_token":"refresh-%[2]s-1","expires_at":%[3]q}}}}`, c.installed, name, expires)).Get("id").Str()
}

// call reads a thing of the vendor's.
func (c *connections) call(p *process, account string) (status int, body string) {
	request, err := http.NewRequest(http.MethodGet, p.url+"/proxy/things/7?integrated_account_id="+account, nil)
	if err != nil {
		return 0, err.Error()
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// endLeases tells the database what the test knows: that whoever holds a refresh
// is dead or stopped, and that there is no need to wait. By itself a lease ends
// after 15 seconds, and on SQLite when the server starts again.
func (c *connections) endLeases() {
	c.t.Helper()
	if c.i.db.Name == testkit.SQLite {
		return
	}
	check := newChecker(c.t, c.i, c.token)
	defer check.close()
	if _, err := check.sql.ExecContext(c.t.Context(), "UPDATE credential_lease SET lease_until = CASE WHEN node IS NULL THEN NULL ELSE 0 END, not_before = NULL"); err != nil {
		c.t.Fatal(err)
	}
}

// settled calls an account until it answers, or needs a new connection.
func (c *connections) settled(p *process, account string) (status int, lastError string) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		status, body := c.call(p, account)
		if status == http.StatusOK {
			return status, ""
		}
		a := c.send(p, "GET", "/integrated-account/"+account, "")
		if a.Get("status").Str() == "needs_reauth" {
			return status, a.Get("last_error").Str()
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("account %s comes to no state: status %d, %s\n%s", account, status, body, p.log)
		}
	}
}

// TestKilledWhileRefreshing is T3: the server ends at any step of refreshes whose
// tokens may be used once. Each account can be used afterwards, or says that the
// outcome of its refresh is not known; none is asked for twice by mistake.
func TestKilledWhileRefreshing(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) testkit.Database{testkit.SQLite: testkit.NewSQLite, testkit.Postgres: testkit.NewPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := newRand(newSeed(t), 0)
			c := newConnections(t, newInstallation(t, database(t)))
			c.issuer.latency = 20 * time.Millisecond
			usable, unknown, recovered := 0, 0, 0
			for round := range rounds(10) {
				victim := c.i.serve()
				const accounts = 8
				ids := make([]string, accounts)
				for n := range ids {
					ids[n] = c.expired(victim, fmt.Sprintf("r%da%d", round, n))
				}
				var callers sync.WaitGroup
				for _, id := range ids {
					callers.Go(func() { c.call(victim, id) })
					callers.Go(func() { c.call(victim, id) })
				}
				<-after(random, 90*time.Millisecond)
				victim.kill()
				callers.Wait()
				c.endLeases()
				c.issuer.catchUp(t)
				before := make([]issued, accounts)
				for n := range before {
					before[n] = c.issuer.of(fmt.Sprintf("r%da%d", round, n))
				}
				steady := c.i.serve()
				for n, id := range ids {
					vendor, before := fmt.Sprintf("r%da%d", round, n), before[n]
					status, lastError := c.settled(steady, id)
					after := c.issuer.of(vendor)
					switch {
					case status == http.StatusOK && after.reused == 0 && after.asked == 1:
						usable++
						if before.asked == 1 {
							recovered++
						}
					case strings.HasPrefix(lastError, "refresh_outcome_unknown") && before.asked == 1:
						unknown++
					default:
						t.Errorf("round %d, account %d: status %d, last error %q, asked %d times before the restart and %d after, %d tokens used again", round, n, status, lastError, before.asked, after.asked-before.asked, after.reused)
					}
				}
				steady.kill()
			}
			t.Logf("%d accounts usable, %d of them asked for before the kill; %d of unknown outcome", usable, recovered, unknown)
		})
	}
}

// TestPausedWhileRefreshing is T2: a process is stopped while the vendor answers,
// another one takes over when the lease has run out, and what the first one brings
// after that is refused.
func TestPausedWhileRefreshing(t *testing.T) {
	t.Parallel()
	t.Run(testkit.Postgres, func(t *testing.T) {
		t.Parallel()
		c := newConnections(t, newInstallation(t, testkit.NewPostgres(t)))
		first, second := c.i.serve(), c.i.serve()
		c.issuer.lenient, c.issuer.latency = true, 300*time.Millisecond
		for round := range rounds(3) {
			name := fmt.Sprint("p", round)
			account := c.refused(first, name)
			asked, stopped := make(chan struct{}, 16), make(chan struct{})
			c.issuer.set(func() { c.issuer.onAsked = func(string) { asked <- struct{}{}; <-stopped } })
			done := make(chan struct{})
			go func() { defer close(done); c.call(first, account) }()
			<-asked
			if err := first.command.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			close(stopped)
			c.endLeases()
			if status, body := c.call(second, account); status != http.StatusOK || !strings.Contains(body, `"token":3`) {
				t.Errorf("the other process answers %d %s", status, body)
			}
			if err := first.command.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			<-done
			for _, p := range []*process{first, second} {
				if status, body := c.call(p, account); status != http.StatusOK || !strings.Contains(body, `"token":3`) {
					t.Errorf("after the stopped process went on: %d %s", status, body)
				}
			}
			if n := c.issuer.of(name).asked; n != 2 {
				t.Errorf("the vendor was asked %d times, want 2", n)
			}
		}
	})
}

// TestDatabaseCutWhileRefreshing is T4: the database is away when the vendor
// answers. The token is in the journal, and stored when the database is back.
func TestDatabaseCutWhileRefreshing(t *testing.T) {
	t.Parallel()
	t.Run(testkit.Postgres, func(t *testing.T) {
		t.Parallel()
		i := newInstallation(t, testkit.NewPostgres(t))
		c := newConnections(t, i)
		line := newLine(t, i.db.URL)
		direct := i.serve()
		far := *i
		far.db.URL = line.url
		server := far.serve()
		for round := range rounds(3) {
			name := fmt.Sprint("c", round)
			account := c.refused(direct, name)
			c.issuer.set(func() { c.issuer.onAsked = func(string) { line.cut() } })
			if status, body := c.call(server, account); status == http.StatusOK {
				t.Errorf("without its database the server answers %d %s", status, body)
			}
			time.Sleep(time.Second)
			// Another process looks for the account meanwhile, and waits for its holder.
			c.issuer.set(func() { c.issuer.onAsked = nil })
			line.restore()
			status, lastError := c.settled(direct, account)
			if got := c.issuer.of(name); status != http.StatusOK || got.asked != 1 || got.reused != 0 {
				t.Errorf("status %d, last error %q, the vendor was asked %d times, %d tokens used again", status, lastError, got.asked, got.reused)
			}
		}
	})
}

// line is a connection to a database that can be cut.
type line struct {
	url    string
	target string
	down   atomic.Bool
	mu     sync.Mutex
	open   map[net.Conn]bool
}

func newLine(t *testing.T, database string) *line {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{target: u.Host, open: map[net.Conn]bool{}}
	u.Host = listener.Addr().String()
	l.url = u.String()
	t.Cleanup(func() { listener.Close(); l.cut() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go l.forward(conn)
		}
	}()
	return l
}

func (l *line) forward(near net.Conn) {
	defer near.Close()
	if l.down.Load() {
		return
	}
	far, err := net.Dial("tcp", l.target)
	if err != nil {
		return
	}
	defer far.Close()
	l.mu.Lock()
	l.open[near], l.open[far] = true, true
	l.mu.Unlock()
	go func() { _, _ = io.Copy(far, near); far.Close() }()
	_, _ = io.Copy(near, far)
	l.mu.Lock()
	delete(l.open, near)
	delete(l.open, far)
	l.mu.Unlock()
}

func (l *line) cut() {
	l.down.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.open {
		conn.Close()
	}
}

func (l *line) restore() { l.down.Store(false) }
