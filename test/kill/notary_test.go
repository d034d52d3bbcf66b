package kill_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// notary is a vendor with OAuth that writes down who asked it for which token.
// Every refresh token may be used once. Using one again takes the account's tokens
// away, but for accounts whose name begins with "lenient": those get another one.
type notary struct {
	tokens, things *httptest.Server
	life           time.Duration // of an access token

	mu      sync.Mutex
	grants  map[string]*grant
	latency time.Duration
	calls   int // for things
}

// grant is what an account's customer agreed to.
type grant struct {
	number  int // of the refresh token that is good
	issued  time.Time
	expires time.Time
	revoked bool
	asks    []*ask
}

// ask is one request for a token, with the number of the refresh token in it.
type ask struct {
	number   int
	issued   int // the number of the token that it brought, 0 for none
	at       time.Time
	age      time.Duration // of the account's token by then, 0 for the first
	by       *life         // of the process that asked
	answered time.Time
	used     time.Time // when the token that it brought was first used
}

type connKey struct{}

// newNotary returns a notary. owner finds the process at the other end of a connection,
// by the ports of both ends: that takes its time, and is asked once for each connection
// that brings a question for a token.
func newNotary(t testing.TB, tokenLife time.Duration, owner func(theirs, ours int) *life) *notary {
	v := &notary{life: tokenLife, grants: map[string]*grant{}}
	things := http.NewServeMux()
	things.HandleFunc("GET /things/{id}", v.thing)
	v.things = httptest.NewServer(things)
	t.Cleanup(v.things.Close)
	tokens := http.NewServeMux()
	tokens.HandleFunc("POST /token", v.token)
	v.tokens = httptest.NewUnstartedServer(tokens)
	v.tokens.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, sync.OnceValue(func() *life {
			return owner(c.RemoteAddr().(*net.TCPAddr).Port, c.LocalAddr().(*net.TCPAddr).Port)
		}))
	}
	v.tokens.Start()
	t.Cleanup(v.tokens.Close)
	return v
}

// connect makes an account whose access token has run out.
func (v *notary) connect(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.grants[name] = &grant{number: 1}
}

// use notes that a token is used: the process that it was issued to has stored it.
func (g *grant) use(number int) {
	for i := len(g.asks) - 1; i >= 0; i-- {
		if a := g.asks[i]; a.issued == number {
			if a.used.IsZero() {
				a.used = time.Now()
			}
			return
		}
	}
}

func (v *notary) token(w http.ResponseWriter, r *http.Request) {
	name, number := split(r.FormValue("refresh_token"))
	at := time.Now()
	by := r.Context().Value(connKey{}).(func() *life)()
	v.mu.Lock()
	g, latency := v.grants[name], v.latency
	a := &ask{number: number, at: at, by: by}
	if !g.issued.IsZero() {
		a.age = a.at.Sub(g.issued)
	}
	g.asks = append(g.asks, a)
	lenient := strings.HasPrefix(name, "lenient")
	good := !g.revoked && (number == g.number || lenient)
	if good {
		g.number++
		g.issued = time.Now()
		g.expires = g.issued.Add(v.life)
	} else {
		g.revoked = true
	}
	issued := g.number
	if good {
		a.issued = issued
	}
	v.mu.Unlock()
	time.Sleep(latency)
	w.Header().Set("Content-Type", "application/json")
	if good {
		fmt.Fprintf(w, `{"access_token":"access-%[1]s-%[2]d","refresh_token":"refresh-%[1]s-%[2]d","expires_in":%[3]d}`, name, issued, int(v.life.Seconds()))
	} else {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	a.answered = time.Now()
}

func (v *notary) thing(w http.ResponseWriter, r *http.Request) {
	name, number := split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	v.mu.Lock()
	v.calls++
	g := v.grants[name]
	good := g != nil && !g.revoked && number == g.number && time.Now().Before(g.expires)
	if g != nil {
		g.use(number)
	}
	v.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if !good {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message":"no"}`)
		return
	}
	fmt.Fprintf(w, `{"id":%q,"token":%s}`, r.PathValue("id"), strconv.Itoa(number))
}

func (v *notary) slow(latency time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.latency = latency
}
