package server_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestInterleavingsAreLinearizable is T5 at random: an account is refreshed,
// renamed, given the token of another consent, called, and deleted, by many at once
// and on each node. What they see must be what they would see one after the other:
// no write undoes another one, and nothing comes back to life. A checker that we did
// not write searches for such an order.
func TestInterleavingsAreLinearizable(t *testing.T) {
	t.Parallel()
	storetest.EachDatabaseOnce(t, func(t *testing.T, db testkit.Database) {
		nodes := []*platform{startPlatform(t, platformConfig(t, db))}
		if db.URL != "" {
			second := *nodes[0]
			second.config.DataDir, second.log = t.TempDir(), &logText{}
			second.start()
			t.Cleanup(second.stop)
			nodes = append(nodes, &second)
		}
		g := newGranted(t, nodes[0], simulator.OAuth{})
		seed := uint64(time.Now().UnixNano())
		for round := range testkit.Thin(10) {
			random := rand.New(rand.NewPCG(seed, uint64(round)))
			g.odd(fmt.Sprintf("  - {path: /oauth/token, oauth: {latency: %dms}}\n", random.IntN(40)))
			x := &interleaving{granted: g, nodes: nodes, began: time.Now(), prefix: fmt.Sprint("r", round)}
			x.account = g.importToken("oauth2", jsonx.ObjectValue(), g.vendor.IssueToken(x.prefix))
			x.run(random)
			if verdict := porcupine.CheckOperationsTimeout(accountModel(x.prefix), x.history, 30*time.Second); verdict != porcupine.Ok {
				t.Errorf("seed %d, round %d: %s", seed, round, verdict)
				for _, o := range x.history {
					t.Logf("client %d, %6d-%6d µs: %+v -> %+v", o.ClientId, o.Call/1000, o.Return/1000, o.Input, o.Output)
				}
			}
			x.wantAlive()
		}
	})
}

// interleaving is what happens to one account.
type interleaving struct {
	*granted
	nodes   []*platform
	account string
	prefix  string // of the names of consents
	began   time.Time

	mu      sync.Mutex
	history []porcupine.Operation
}

// touch is an operation on the account: value is the name or the consent that it
// writes.
type touch struct{ verb, value string }

// sight is what an operation has seen: the name or the consent that it read.
type sight struct {
	gone  bool
	value string
}

const (
	clients = 6
	touches = 7
)

func (x *interleaving) run(random *rand.Rand) {
	var work sync.WaitGroup
	for client := range clients {
		plan := make([]touch, touches)
		for i := range plan {
			unique := fmt.Sprintf("%s-%d-%d", x.prefix, client, i)
			plan[i] = []touch{{"refresh", ""}, {"refresh", ""}, {"rename", unique}, {"reconnect", unique}, {"call", ""}, {"call", ""}, {"get", ""}}[random.IntN(7)]
		}
		if client == 0 && random.IntN(2) == 0 {
			plan[touches-2] = touch{"delete", ""}
		}
		node := x.nodes[client%len(x.nodes)]
		work.Go(func() {
			for _, in := range plan {
				x.do(client, node, in)
			}
		})
	}
	work.Wait()
}

func (x *interleaving) do(client int, node *platform, in touch) {
	call := time.Since(x.began)
	out, ok := x.touch(node, in)
	end := time.Since(x.began)
	if !ok {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.history = append(x.history, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: call.Nanoseconds(), Return: end.Nanoseconds()})
}

// touch makes the call of an operation; ok is false when its answer is none that
// it may have.
func (x *interleaving) touch(node *platform, in touch) (out sight, ok bool) {
	path := "/integrated-account/" + x.account
	var r *reply
	switch in.verb {
	case "refresh":
		r = node.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+x.account+`"}`)
	case "rename":
		r = node.call("PATCH", path, `{"name":"`+in.value+`"}`)
	case "reconnect":
		token := x.vendor.IssueToken(in.value)
		r = node.call("PATCH", path+"/credentials", `{"context":{"oauth":{"token":`+token.String()+`}}}`)
	case "call":
		if r = node.get("/custom/me?integrated_account_id=" + x.account); r.Status == http.StatusOK {
			out.value = r.text("result", "id")
		} else if r.Status == http.StatusUnauthorized {
			// The token of a deleted account is given back, which may overtake a call
			// that has read it.
			r = node.get(path)
			if r.Status == http.StatusOK {
				x.t.Errorf("a call was refused, and the account is there: %s", r.Text)
				return out, false
			}
		}
	case "get":
		if r = node.get(path); r.Status == http.StatusOK {
			out.value = r.text("name")
		}
	case "delete":
		r = node.call("DELETE", path, "")
	}
	if out.gone = r.Status == http.StatusNotFound; !out.gone && r.Status != http.StatusOK {
		x.t.Errorf("%+v: got %d %s", in, r.Status, r.Text)
		return out, false
	}
	return out, true
}

// wantAlive holds that the token of an account that is left is its newest one, and
// that no refresh token was used twice.
func (x *interleaving) wantAlive() {
	x.t.Helper()
	if last := x.call("POST", "/integrated-account/refresh-credentials", `{"id":"`+x.account+`"}`); last.Status != http.StatusOK && last.Status != http.StatusNotFound {
		x.t.Errorf("the account cannot be refreshed any more: %s", last.Text)
	}
	for _, c := range x.vendor.AllTokenCounts() {
		if c.Reused > 0 {
			x.t.Errorf("the vendor saw a refresh token again: %+v", c)
		}
	}
}

// accountState is what is known of an account: "" for a name that is not known.
type accountState struct {
	gone          bool
	name, consent string
}

// accountModel is an account that is touched by one at a time.
func accountModel(consent string) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return accountState{consent: consent} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := state.(accountState), input.(touch), output.(sight)
			if s.gone || out.gone {
				return s.gone && out.gone, s
			}
			switch in.verb {
			case "rename":
				s.name = in.value
			case "reconnect":
				s.consent = in.value
			case "call":
				return out.value == s.consent, s
			case "get":
				return s.name == "" || out.value == s.name, s
			case "delete":
				s.gone = true
			}
			return true, s
		},
	}
}
