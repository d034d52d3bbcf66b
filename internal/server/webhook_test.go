package server_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// receiver is an application that gets events.
type receiver struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	got    []received
	answer func(n int, r received) (status int, header http.Header) // nil for 200
}

// received is one request that a receiver got.
type received struct {
	Header http.Header
	Body   string
	JSON   jsonx.Value
	At     time.Time
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		got := received{Header: request.Header.Clone(), Body: string(body), At: time.Now()}
		got.JSON, _ = jsonx.Parse(body)
		r.mu.Lock()
		r.got = append(r.got, got)
		answer, n := r.answer, len(r.got)
		r.mu.Unlock()
		if answer == nil {
			return
		}
		status, header := answer(n, got)
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, "answer %d", n)
	}))
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

func (r *receiver) answers(answer func(n int, r received) (int, http.Header)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// wait returns what the receiver has got once it is so many.
func (r *receiver) wait(n int) []received {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if all := r.all(); len(all) >= n {
			return all
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("the receiver has got %d events, want %d", len(r.all()), n)
		}
	}
}

// names are the events of a list of requests.
func names(all []received) (list []string) {
	for _, r := range all {
		list = append(list, r.JSON.Get("event").Str())
	}
	return list
}

// subscribe makes a webhook and returns it as create answered.
func (p *platform) subscribe(r *receiver, members string) *reply {
	p.t.Helper()
	return p.call("POST", "/webhook", `{"target_url":"`+r.URL+`/hooks"`+members+`}`).want(201)
}

// TestLifeOfAConnectionIsDelivered holds that a receiver hears of everything that
// happens to an account, in order and signed in both ways: checked by the official
// library, and by the text of the contract.
func TestLifeOfAConnectionIsDelivered(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		r := newReceiver(t)
		created := p.subscribe(r, `,"ordered":true,"event_types":["integrated_account:*"]`)
		secret := created.text("secret")
		c := newEngine(t, p, `{}`)
		path := "/integrated-account/" + c.account
		p.call("PATCH", path, `{"name":"Renamed"}`).want(200)
		c.vendor.says(401, `{"message":"no"}`)
		c.proxy("GET", "/things/1", "").want(401)
		c.vendor.says(200, `{"id":1}`)
		c.proxy("GET", "/things/1", "").want(200)
		p.call("DELETE", path, "").want(200)
		all := r.wait(5)
		got := names(all)
		want := []string{"integrated_account:created", "integrated_account:active", "integrated_account:updated", "integrated_account:authentication_error", "integrated_account:reactivated", "integrated_account:deleted"}
		if len(all) < len(want) {
			all = r.wait(len(want))
			got = names(all)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		verifier, err := standardwebhooks.NewWebhook(created.text("standard_secret"))
		p.must(err)
		for i, e := range all {
			if err := verifier.Verify([]byte(e.Body), e.Header); err != nil {
				t.Errorf("the official library refuses event %d: %v", i, err)
			}
			if got, want := e.Header.Get("X-Truto-Signature"), "format=sha256,v="+base64.StdEncoding.EncodeToString(digest(secret, e.Body)); got != want {
				t.Errorf("signed %s, want %s", got, want)
			}
			if n, _ := e.JSON.Get("sequence").Float(); int(n) != i+1 {
				t.Errorf("event %d has the sequence %s", i, e.JSON.Get("sequence"))
			}
			if id := e.JSON.Get("id").Str(); id == "" || id != e.Header.Get("Webhook-Id") || e.JSON.Get("webhook_id").Str() != created.text("id") ||
				e.JSON.Get("environment_id").Str() != p.environment.ID || e.JSON.Get("event_type").Str() != e.JSON.Get("event").Str() || e.JSON.Get("created_at").Str() == "" {
				t.Errorf("the body of event %d is %s", i, e.Body)
			}
			if e.Header.Get("User-Agent") != "truto" || e.Header.Get("Content-Type") != "application/json" {
				t.Errorf("sent with %v", e.Header)
			}
			if strings.Contains(e.Body, "key-canary-1") {
				t.Errorf("event %d holds a secret: %s", i, e.Body)
			}
		}
		if got := all[len(all)-1].JSON.Get("payload").String(); got != `{"id":"`+c.account+`"}` {
			t.Errorf("the payload of a deletion is %s", got)
		}
	})
}

// TestAccountsDeletedTogetherAreEachTold holds for what one request does to many.
func TestAccountsDeletedTogetherAreEachTold(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		plain, ordered := newReceiver(t), newReceiver(t)
		_, installation := p.install("desk")
		var ids []string
		for range 5 {
			ids = append(ids, p.connect(installation, "acme", "").text("id"))
		}
		slices.Sort(ids)
		// The ordered one has something to get of the first account before.
		ordered.answers(func(n int, _ received) (int, http.Header) {
			if n == 1 {
				return 503, http.Header{"Retry-After": {"1"}}
			}
			return 200, nil
		})
		p.subscribe(plain, `,"event_types":["integrated_account:deleted"]`)
		p.subscribe(ordered, `,"ordered":true,"event_types":["integrated_account:*"]`)
		p.call("PATCH", "/integrated-account/"+ids[0], `{"name":"Renamed"}`).want(200)
		ordered.wait(1)
		p.call("POST", "/integrated-account/bulk-delete", `{"ids":["`+strings.Join(ids, `","`)+`"]}`).want(200)
		told := func(all []received) (list []string) {
			for _, r := range all {
				list = append(list, r.JSON.At("payload", "id").Str())
			}
			slices.Sort(list)
			return slices.Compact(list)
		}
		if got := told(plain.wait(len(ids))); !slices.Equal(got, ids) {
			t.Errorf("told of %q, want %q", got, ids)
		}
		var first []string
		for _, r := range ordered.wait(len(ids) + 2) {
			if r.JSON.Get("integrated_account_id").Str() == ids[0] {
				first = append(first, r.JSON.Get("event").Str())
			}
		}
		if want := []string{"integrated_account:updated", "integrated_account:updated", "integrated_account:deleted"}; !slices.Equal(first, want) {
			t.Errorf("of the first account the ordered receiver heard %q, want %q", first, want)
		}
	})
}

func digest(secret, body string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(body))
	return h.Sum(nil)
}

// TestWebhookSettings holds that a receiver gets what it asked for, in the encoding
// that it asked for, and nothing while it is switched off.
func TestWebhookSettings(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		one, group, hexed, every, off := newReceiver(t), newReceiver(t), newReceiver(t), newReceiver(t), newReceiver(t)
		p.subscribe(one, `,"event_types":["integrated_account:active"]`)
		p.subscribe(group, `,"event_types":["environment_integration:*","integrated_account:active"]`)
		secret := p.subscribe(hexed, `,"signature_encoding":"hex","event_types":["integrated_account:created"]`).text("secret")
		p.subscribe(every, "")
		stopped := p.subscribe(off, `,"is_active":false`).text("id")
		newEngine(t, p, `{}`)
		every.wait(3)
		for _, w := range []struct {
			r    *receiver
			want []string
		}{
			{one, []string{"integrated_account:active"}},
			{group, []string{"environment_integration:created", "integrated_account:active"}},
			{hexed, []string{"integrated_account:created"}},
			{every, []string{"environment_integration:created", "integrated_account:active", "integrated_account:created"}},
		} {
			if got := slices.Sorted(slices.Values(names(w.r.wait(len(w.want))))); !slices.Equal(got, w.want) {
				t.Errorf("got %q, want %q", got, w.want)
			}
		}
		e := hexed.all()[0]
		if got, want := e.Header.Get("X-Truto-Signature"), "format=sha256,v="+hex.EncodeToString(digest(secret, e.Body)); got != want {
			t.Errorf("signed %s, want %s", got, want)
		}
		p.call("PATCH", "/webhook/"+stopped, `{"is_active":true,"event_types":["integrated_account:updated"]}`).want(200)
		list := p.get("/webhook?is_active=true").want(200)
		if n := list.JSON.Get("result").Len(); n != 5 || strings.Contains(list.Text, secret) || strings.Contains(list.Text, `"secret"`) {
			t.Errorf("got %d webhooks: %s", n, list.Text)
		}
		account := p.get("/integrated-account?limit=1").want(200).JSON.Get("result").Items()[0].Get("id").Str()
		p.call("PATCH", "/integrated-account/"+account, `{"name":"x"}`).want(200)
		if got := names(off.wait(1)); got[0] != "integrated_account:updated" {
			t.Errorf("got %q", got)
		}
		p.call("DELETE", "/webhook/"+stopped, "").want(200)
		p.get("/webhook/" + stopped).want(404)
		for body, path := range map[string]string{
			`{}`:                                   "target_url",
			`{"target_url":"ftp://example.com/"}`:  "target_url",
			`{"target_url":"http://example.com/"}`: "target_url",
			`{"target_url":"https://10.0.0.1/"}`:   "target_url",
			`{"target_url":"https://a.example/","event_types":["x"]}`:           "event_types.0",
			`{"target_url":"https://a.example/","event_types":["a:b","a:b*"]}`:  "event_types.1",
			`{"target_url":"https://a.example/","signature_encoding":"base32"}`: "signature_encoding",
			`{"target_url":"https://user:password@a.example/"}`:                 "target_url",
		} {
			if got := p.call("POST", "/webhook", body).want(400); !strings.Contains(got.Text, `"`+path+`"`) {
				t.Errorf("%s: got %s", body, got.Text)
			}
		}
	})
}
