package kill_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// issuer is a vendor with OAuth. Every refresh token may be used once; using one
// again takes the account's tokens away, unless the issuer is lenient.
type issuer struct {
	*httptest.Server
	mu      sync.Mutex
	tokens  map[string]*issued // by account
	latency time.Duration
	lenient bool
	// onAsked is called when a token is asked for, before the answer.
	onAsked func(account string)
}

type issued struct {
	refresh, access int // the numbers of the good tokens
	asked, reused   int
	revoked         bool
}

func newIssuer(t testing.TB) *issuer {
	v := &issuer{tokens: map[string]*issued{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", v.token)
	mux.HandleFunc("GET /things/{id}", v.thing)
	v.Server = httptest.NewServer(mux)
	t.Cleanup(v.Close)
	return v
}

// split takes a token apart: its account and its number.
func split(token string) (account string, number int) {
	_, rest, _ := strings.Cut(token, "-")
	account, text, _ := strings.Cut(rest, "-")
	number, _ = strconv.Atoi(text)
	return account, number
}

func (v *issuer) token(w http.ResponseWriter, r *http.Request) {
	name, number := split(r.FormValue("refresh_token"))
	v.mu.Lock()
	g, latency, onAsked := v.tokens[name], v.latency, v.onAsked
	good := g != nil && !g.revoked && (number == g.refresh || v.lenient)
	issued := 0
	if g != nil {
		g.asked++
		if good {
			g.refresh++
			g.access = g.refresh
			issued = g.refresh
		} else if !g.revoked {
			g.reused++
			g.revoked = true
		}
	}
	v.mu.Unlock()
	if onAsked != nil {
		onAsked(name)
	}
	time.Sleep(latency)
	w.Header().Set("Content-Type", "application/json")
	if !good {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	fmt.Fprintf(w, `{"access_token":"access-%[1]s-%[2]d","refresh_token":"refresh-%[1]s-%[2]d","expires_in":3600}`, name, issued)
}

func (v *issuer) thing(w http.ResponseWriter, r *http.Request) {
	name, number := split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	v.mu.Lock()
	g := v.tokens[name]
	good := g != nil && !g.revoked && number == g.access
	v.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if !good {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message":"no"}`)
		return
	}
	fmt.Fprintf(w, `{"id":%q,"token":%d}`, r.PathValue("id"), number)
}

// catchUp returns when the issuer has taken what was sent to it before, also by whom that
// is dead by now.
func (v *issuer) catchUp(t *testing.T) {
	t.Helper()
	fresh := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := fresh.Get(v.URL + "/things/none")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	time.Sleep(100 * time.Millisecond)
}

func (v *issuer) of(account string) issued {
	v.mu.Lock()
	defer v.mu.Unlock()
	return *v.tokens[account]
}

func (v *issuer) set(change func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change()
}
