package kill_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/testkit"
)

// installSteps is how many requests the steps of an account make.
const installSteps = 6

// stepVendor is a vendor that remembers which steps of which account it has seen.
type stepVendor struct {
	*httptest.Server
	mu    sync.Mutex
	seen  map[string]int // by account and step
	under map[string]int // requests under way, by server life and account
	life  int
	beset []string // accounts with two requests at once
}

func newStepVendor(t *testing.T) *stepVendor {
	v := &stepVendor{seen: map[string]int{}, under: map[string]int{}}
	v.Server = httptest.NewServer(http.HandlerFunc(v.answer))
	t.Cleanup(v.Close)
	return v
}

func (v *stepVendor) answer(w http.ResponseWriter, r *http.Request) {
	var step struct {
		Account string
		Step    int
	}
	if err := json.NewDecoder(r.Body).Decode(&step); err != nil {
		return // its server was killed in the middle of it
	}
	v.mu.Lock()
	key := fmt.Sprint(v.life, "/", step.Account)
	v.seen[fmt.Sprint(step.Account, "/", step.Step)]++
	if v.under[key]++; v.under[key] > 1 {
		v.beset = append(v.beset, step.Account)
	}
	v.mu.Unlock()
	time.Sleep(time.Duration(rand.IntN(15)) * time.Millisecond)
	v.mu.Lock()
	v.under[key]--
	v.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"got":%d}`, step.Step)
}

// killed begins another life of the server: requests of the earlier one may still
// be under way.
func (v *stepVendor) killed() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.life++
}

// steppedConfig is an integration whose accounts make installSteps requests, each
// of which adds to what the ones before have brought.
func steppedConfig(vendor string) string {
	var steps []string
	for n := range installSteps {
		steps = append(steps, fmt.Sprintf(`{"type":"request","name":"s%d","config":{"method":"post","path":"/","body":{"account":"{{account}}","step":%d}}}`, n, n))
	}
	return `{"label":"Steps","base_url":"` + vendor + `","credentials":{"api_key":{"format":"api_key","config":{"fields":[{"name":"api_key","label":"Key","type":"password"}]}}},
		"resources":{},"actions":{"post_install":{"steps":[` + strings.Join(steps[:installSteps-1], ",") + `,
		{"type":"update_context","config":"{'sum': $sum(steps.*.got)}"}]},"validation":{"steps":[` + steps[installSteps-1] + `]}}}`
}

// TestKilledWhileInstalling ends the server while accounts go through their steps,
// again and again: every account is active in the end, with what all of its steps
// have brought, and no kill makes a vendor see more than one step of an account
// again.
func TestKilledWhileInstalling(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) testkit.Database{testkit.SQLite: testkit.NewSQLite, testkit.Postgres: testkit.NewPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := newSeed(t)
			random := newRand(seed, 0)
			i := newInstallation(t, database(t))
			token, vendor := i.newToken(), newStepVendor(t)
			w := newWriter("steps", newRand(seed, 1), token, "")
			kills := rounds(10)
			installed := ""
			for round := range kills {
				victim := i.serve()
				if installed == "" {
					installed = installSteppedIntegration(t, w, victim.url, vendor.URL)
				}
				for n := range 5 {
					body := fmt.Sprintf(`{"tenant_id":"t","environment_integration_id":"%s","authentication_method":"api_key","context":{"api_key":"k","account":"%d-%d"}}`, installed, round, n)
					if _, err := w.send(victim.url, http.MethodPost, "/integrated-account", body); err != nil {
						t.Fatal(err)
					}
				}
				<-after(random, 150*time.Millisecond)
				victim.kill()
				vendor.killed()
				forgetLeases(t, i, token)
			}
			steady := i.serve()
			defer steady.kill()
			awaitActive(t, w, steady.url, kills*5)
			vendor.check(t, kills)
		})
	}
}

func installSteppedIntegration(t *testing.T, w *writer, url, vendor string) string {
	t.Helper()
	integration, err := w.send(url, http.MethodPost, "/integration", `{"name":"steps","config":`+steppedConfig(vendor)+`}`)
	if err != nil {
		t.Fatal(err)
	}
	installed, err := w.send(url, http.MethodPost, "/environment-integration", `{"integration_id":"`+integration.Get("id").Str()+`"}`)
	if err != nil {
		t.Fatal(err)
	}
	return installed.Get("id").Str()
}

// forgetLeases tells the database what the test knows: that the process is dead.
// Without it, another node waits until its leases have run out.
func forgetLeases(t *testing.T, i *installation, token string) {
	t.Helper()
	c := newChecker(t, i, token)
	defer c.close()
	if _, err := c.sql.ExecContext(t.Context(), "UPDATE job SET lease_until = 0 WHERE state = 'running'"); err != nil {
		t.Fatal(err)
	}
}

// awaitActive waits until all accounts are active, each with what its steps brought.
func awaitActive(t *testing.T, w *writer, url string, accounts int) {
	t.Helper()
	sum := fmt.Sprint((installSteps - 1) * (installSteps - 2) / 2)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		list, err := w.send(url, http.MethodGet, "/integrated-account?limit=1000", "")
		if err != nil {
			t.Fatal(err)
		}
		active := 0
		for _, a := range list.Get("result").Items() {
			if a.Get("status").Str() == "active" {
				active++
			}
			if status := a.Get("status").Str(); status != "active" && status != "connecting" || status == "active" && a.At("context", "sum").String() != sum {
				t.Fatalf("an account is %s: %s", status, a)
			}
		}
		if active == accounts {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d accounts of %d are active", active, accounts)
		}
	}
}

// check looks at what the vendor has seen.
func (v *stepVendor) check(t *testing.T, kills int) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.beset) > 0 {
		t.Errorf("steps of these accounts ran side by side: %v", v.beset)
	}
	again := map[string]int{} // by account
	for key, n := range v.seen {
		account, _, _ := strings.Cut(key, "/")
		again[account] += n - 1
	}
	repeated := 0
	for account, n := range again {
		repeated += n
		if n > kills {
			t.Errorf("%d steps of account %s were taken again, with %d kills", n, account, kills)
		}
	}
	if want := kills * 5 * installSteps; len(v.seen) != want {
		t.Errorf("the vendor has seen %d steps, want %d", len(v.seen), want)
	}
	t.Logf("%d kills, %d steps, %d of them again", kills, len(v.seen), repeated)
}
