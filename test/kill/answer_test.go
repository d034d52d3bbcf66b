package kill_test

import (
	"bytes"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/testkit"
)

// outage takes the database away from a server, and gives it back.
type outage interface {
	begin()
	end()
}

// writeLock keeps the server from writing to its SQLite file, as a command does
// that takes its time.
type writeLock struct {
	t  *testing.T
	db *sql.DB
}

func newWriteLock(t *testing.T, i *installation) *writeLock {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+store.SQLitePath(i.db.Dir)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return &writeLock{t, db}
}

func (l *writeLock) begin() { l.run("BEGIN IMMEDIATE") }
func (l *writeLock) end()   { l.run("ROLLBACK") }

func (l *writeLock) run(statement string) {
	if _, err := l.db.Exec(statement); err != nil {
		l.t.Errorf("%s: %v", statement, err)
	}
}

func (l *line) begin() { l.cut() }
func (l *line) end()   { l.restore() }

// gate stands before a vendor and calls somebody when a token was issued, before
// its answer goes out.
type gate struct {
	vendor http.Handler
	mu     sync.Mutex
	issued func()
	asked  int
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	g.vendor.ServeHTTP(answer, r)
	if r.URL.Path == "/oauth/token" && answer.Code == http.StatusOK {
		g.mu.Lock()
		issued := g.issued
		g.asked++
		g.mu.Unlock()
		if issued != nil {
			issued()
		}
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// at sets what happens when the next tokens are issued, and counts them anew.
func (g *gate) at(issued func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.issued, g.asked = issued, 0
}

func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}

// kept reports whether the journal of an installation holds the answer for an
// attempt.
func (i *installation) kept(attempt string) bool {
	segments, _ := filepath.Glob(filepath.Join(i.db.Dir, "answers", "*.segment"))
	for _, path := range segments {
		if content, err := os.ReadFile(path); err == nil && attempt != "" && bytes.Contains(content, []byte(attempt)) {
			return true
		}
	}
	return false
}

// awaitKept waits until it does.
func (i *installation) awaitKept(t *testing.T, attempt func() string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !i.kept(attempt()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the vendor has issued a token, and it is not in the journal")
		}
	}
}

// TestAFirstTokenOutlivesItsProcess has the database be away when a vendor issues
// the token of a first connection, which it does once, and ends the process or not.
// The attempt succeeds all the same: by the same process when the database is back,
// by the next one at its start, and also when somebody has found it overdue
// meanwhile. The vendor is asked once.
func TestAFirstTokenOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) testkit.Database{testkit.SQLite: testkit.NewSQLite, testkit.Postgres: testkit.NewPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newInstallation(t, database(t))
			s := newScene(t, i)
			far, away := i, outage(nil)
			if name == testkit.Postgres {
				l := newLine(t, i.db.URL)
				copied := *i
				copied.db.URL = l.url
				far, away = &copied, l
			} else {
				away = newWriteLock(t, i)
			}
			for _, what := range []string{"back", "killed", "overdue"} {
				// check tells a customer with a device by an odd number.
				s.firstToken(what, &customer{scene: s, name: what + "0"}, far, away)
				s.firstToken(what, &customer{scene: s, name: what + "1", device: true}, far, away)
			}
		})
	}
}

// firstToken connects a customer whose token comes while the database is away.
func (s *scene) firstToken(what string, c *customer, far *installation, away outage) {
	s.t.Helper()
	p := far.serve()
	c.link = s.send(p, s.token, "POST", "/link-token", `{"tenant_id":"`+c.name+`","context":{"hint":"`+c.name+`"}}`).Get("link_token").Str()
	issued := make(chan struct{}, 8)
	s.gate.at(func() { away.begin(); issued <- struct{}{} })
	done := make(chan struct{})
	go func() { defer close(done); c.connect(p) }()
	select {
	case <-issued:
	case <-time.After(time.Minute):
		s.t.Fatalf("%s: the vendor is not asked for a token\n%s", c.name, p.log)
	}
	s.gate.mu.Lock()
	s.gate.issued = nil
	s.gate.mu.Unlock()
	far.awaitKept(s.t, c.id)
	if what == "back" {
		away.end()
		awaitReady(s.t, p)
	} else {
		p.kill()
		away.end()
		s.forget()
	}
	<-done
	if what == "overdue" {
		c.giveUp()
	}
	if what != "back" {
		p = far.serve()
	}
	if status, reason := c.outcome(p); status != "succeeded" {
		s.t.Errorf("%s: the attempt is %s, %s\n%s", c.name, status, reason, p.log)
	}
	if n := s.gate.count(); n != 1 {
		s.t.Errorf("%s: the vendor has issued %d tokens, want 1", c.name, n)
	}
	p.kill()
	steady := s.i.serve()
	defer steady.kill()
	s.check(steady, []*customer{c})
}

// awaitReady waits until a server has its database.
func awaitReady(t *testing.T, p *process) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(p.url + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server is not ready: %v\n%s", err, p.log)
		}
	}
}

// giveUp ends the customer's attempt as whoever looks at it does when its deadline
// has passed.
func (c *customer) giveUp() {
	c.t.Helper()
	check := newChecker(c.t, c.i, c.token)
	defer check.close()
	if _, err := check.sql.ExecContext(c.t.Context(), "UPDATE connect_attempt SET status = 'failed', error_type = 'connection_error', error_code = 'interrupted', secret = NULL WHERE id = $1", c.id()); err != nil {
		c.t.Fatal(err)
	}
}

// TestKilledAfterTheAnswer ends the server at a random moment after a vendor has
// issued the token of a first connection. If the journal has it, or the database,
// the attempt succeeds; only one that was lost on its way is interrupted.
func TestKilledAfterTheAnswer(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) testkit.Database{testkit.SQLite: testkit.NewSQLite, testkit.Postgres: testkit.NewPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := newRand(newSeed(t), 0)
			s := newScene(t, newInstallation(t, database(t)))
			lost, carried := 0, 0
			for round := range rounds(10) {
				p := s.i.serve()
				c := s.invite(p, round)[0]
				issued := make(chan struct{}, 8)
				s.gate.at(func() { issued <- struct{}{} })
				done := make(chan struct{})
				go func() { defer close(done); c.connect(p) }()
				<-issued
				<-after(random, 12*time.Millisecond)
				p.kill()
				<-done
				kept := s.i.kept(c.id())
				s.forget()
				p = s.i.serve()
				status, reason := c.outcome(p)
				switch {
				case status == "succeeded":
					carried++
				case status == "failed" && reason == "interrupted" && !kept:
					lost++
				default:
					t.Errorf("round %d: the attempt is %s, %s; the journal had its token: %v\n%s", round, status, reason, kept, p.log)
				}
				p.kill()
			}
			t.Logf("%d attempts have succeeded, the answers of %d were on their way", carried, lost)
		})
	}
}
