package server_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// rename changes an account, which is an event.
func (p *platform) rename(account, name string) {
	p.t.Helper()
	p.call("PATCH", "/integrated-account/"+account, `{"name":"`+name+`"}`).want(200)
}

// attempts waits until a webhook has so many tries and returns them, the oldest
// first.
func (p *platform) attempts(webhook string, n int) []*reply {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		list := p.get("/webhook/" + webhook + "/attempts").want(200)
		items := slices.Clone(list.JSON.Get("result").Items())
		slices.Reverse(items)
		if len(items) >= n {
			var all []*reply
			for _, item := range items {
				all = append(all, &reply{t: p.t, JSON: item, Text: item.String()})
			}
			return all
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("there are %d tries, want %d: %s", len(items), n, list.Text)
		}
	}
}

// TestFailedDeliveriesAreTriedAgain is W2 on the wire: a receiver that refuses, that
// redirects, or that asks for patience gets the event again under the same id, and
// each try is there to be looked at. It is W7, too: one event, those of a range and
// those that failed come once more when they are asked for.
func TestFailedDeliveriesAreTriedAgain(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		r, elsewhere := newReceiver(t), newReceiver(t)
		r.answers(func(n int, _ received) (int, http.Header) {
			if n == 1 {
				return http.StatusFound, http.Header{"Location": {elsewhere.URL}}
			}
			return 200, nil
		})
		id := p.subscribe(r, `,"event_types":["integrated_account:updated"]`).text("id")
		p.rename(c.account, "one")
		all := r.wait(2)
		if first, second := all[0], all[1]; first.Header.Get("Webhook-Id") != second.Header.Get("Webhook-Id") || first.Body != second.Body || second.At.Sub(first.At) < 3*time.Second {
			t.Errorf("the second try came %s after the first: %s", second.At.Sub(first.At), second.Body)
		}
		if len(elsewhere.all()) > 0 {
			t.Error("a redirect was followed")
		}
		tries := p.attempts(id, 2)
		if got := tries[0]; got.text("outcome") != "retrying" || got.JSON.Get("status").String() != "302" || got.text("answer") != "answer 1" || got.text("next_attempt_at") == "" || got.JSON.Get("attempt").String() != "1" {
			t.Errorf("the first try is %s", got.Text)
		}
		if got := tries[1]; got.text("outcome") != "delivered" || got.JSON.Get("status").String() != "200" || !got.JSON.Get("next_attempt_at").IsNull() || got.JSON.Get("attempt").String() != "2" ||
			got.text("delivery_id") != tries[0].text("delivery_id") || got.text("event_id") != all[0].Header.Get("Webhook-Id") || got.text("integrated_account_id") != c.account {
			t.Errorf("the second try is %s", got.Text)
		}
		if got := p.get("/webhook/" + id).want(200); !got.JSON.Get("failing_since").IsNull() {
			t.Errorf("got %s", got.Text)
		}

		// A receiver that asks for an hour gets one.
		r.answers(func(int, received) (int, http.Header) { return 503, http.Header{"Retry-After": {"3600"}} })
		p.rename(c.account, "two")
		patient := p.attempts(id, 3)[2]
		next, err := time.Parse(time.RFC3339, patient.text("next_attempt_at"))
		if wait := time.Until(next); err != nil || wait < 55*time.Minute || wait > 61*time.Minute {
			t.Errorf("tried again in %s: %s", wait, patient.Text)
		}
		if got := p.get("/webhook/" + id).want(200); got.text("failing_since") == "" {
			t.Errorf("got %s", got.Text)
		}

		// One that is gone is switched off, and forgets what it has yet to get.
		r.answers(func(int, received) (int, http.Header) { return 410, nil })
		p.rename(c.account, "three")
		if gone := p.attempts(id, 4)[3]; gone.text("outcome") != "failed" {
			t.Errorf("the last try is %s", gone.Text)
		}
		if got := p.get("/webhook/" + id).want(200); got.text("is_active") != "false" && got.JSON.Get("is_active").String() != "false" || !strings.Contains(got.text("inactive_reason"), "410") {
			t.Errorf("got %s", got.Text)
		}
		p.rename(c.account, "four")
		p.call("POST", "/webhook/"+id+"/replay", `{}`).want(409)

		// Switched on, it can have what it has missed.
		r.answers(nil)
		p.call("PATCH", "/webhook/"+id, `{"is_active":true}`).want(200)
		before := len(r.all())
		if got := p.call("POST", "/webhook/"+id+"/replay", `{"failed_only":true}`).want(200); got.JSON.Get("replayed").String() != "1" {
			t.Errorf("failed ones: got %s", got.Text)
		}
		r.wait(before + 1)
		p.attempts(id, 5)
		if got := p.call("POST", "/webhook/"+id+"/replay", `{"since":"2026-01-01T00:00:00Z"}`).want(200); got.JSON.Get("replayed").String() != "4" {
			t.Errorf("all: got %s", got.Text)
		}
		r.wait(before + 5)
		p.attempts(id, 9)
		if got := p.call("POST", "/webhook/"+id+"/replay", `{"event_id":"`+all[0].Header.Get("Webhook-Id")+`"}`).want(200); got.JSON.Get("replayed").String() != "1" {
			t.Errorf("one: got %s", got.Text)
		}
		again := r.wait(before + 6)
		if last := again[len(again)-1]; last.Body != all[0].Body || last.Header.Get("Webhook-Id") != all[0].Header.Get("Webhook-Id") {
			t.Errorf("the replayed event is %s", last.Body)
		}
		p.call("POST", "/webhook/"+id+"/replay", `{"event_id":"`+guessedID+`"}`).want(404)
		p.call("POST", "/webhook/"+id+"/replay", `{"since":"yesterday"}`).want(400)
		p.call("POST", "/webhook/"+id+"/replay", `{"until":"2026-01-01T00:00:00Z"}`).want(200)
	})
}

// TestOrderedEvents is W5: an event that cannot be delivered holds back those behind
// it that are about the same account, and no others.
func TestOrderedEvents(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		other := p.connect(c.installation, "acme-2", "").text("id")
		r := newReceiver(t)
		var refused atomic.Bool
		r.answers(func(_ int, e received) (int, http.Header) {
			if e.JSON.Get("integrated_account_id").Str() == c.account && !refused.Swap(true) {
				return 500, nil
			}
			return 204, nil
		})
		id := p.subscribe(r, `,"ordered":true,"event_types":["integrated_account:updated"]`).text("id")
		for _, name := range []string{"one", "two", "three"} {
			p.rename(c.account, name)
		}
		p.rename(other, "another")
		all := r.wait(5)
		var mine []string
		for _, e := range all {
			if e.JSON.Get("integrated_account_id").Str() == c.account {
				mine = append(mine, e.JSON.At("payload", "name").Str())
			}
		}
		if want := []string{"one", "one", "two", "three"}; !slices.Equal(mine, want) {
			t.Errorf("got %q, want %q", mine, want)
			for _, a := range p.attempts(id, 5) {
				t.Log(a.Text)
			}
		}
		if at := slices.IndexFunc(all, func(e received) bool { return e.JSON.Get("integrated_account_id").Str() == other }); at > 1 {
			t.Errorf("the other account waited for event %d", at)
		}
	})
}

// TestSecretsOverlap is W3 for a secret that is replaced: until the overlap ends,
// either one verifies.
func TestSecretsOverlap(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		r := newReceiver(t)
		first := p.subscribe(r, "")
		id := first.text("id")
		second := p.call("POST", "/webhook/"+id+"/rotate-secret", `{}`).want(200)
		verifies := func(e received, secret *reply) bool {
			verifier, err := standardwebhooks.NewWebhook(secret.text("standard_secret"))
			p.must(err)
			return verifier.Verify([]byte(e.Body), e.Header) == nil
		}
		p.call("POST", "/webhook/test", `{"id":"`+id+`"}`).want(200)
		if e := r.wait(1)[0]; !verifies(e, first) || !verifies(e, second) || e.JSON.Get("event").Str() != "test" || e.JSON.Get("payload").String() != `{"foo":"bar"}` {
			t.Errorf("the test is %s %v", e.Body, e.Header)
		}
		third := p.call("POST", "/webhook/"+id+"/rotate-secret", `{"overlap_seconds":0}`).want(200)
		p.call("POST", "/webhook/test", `{"id":"`+id+`","event_type":"integrated_account:active"}`).want(200)
		if e := r.wait(2)[1]; verifies(e, first) || verifies(e, second) || !verifies(e, third) || e.JSON.Get("event").Str() != "integrated_account:active" {
			t.Errorf("the test is %s %v", e.Body, e.Header)
		}
		r.answers(func(int, received) (int, http.Header) { return 500, nil })
		if got := p.call("POST", "/webhook/test", `{"id":"`+id+`"}`).want(502); got.text("code") != "webhook_test_failed" {
			t.Errorf("got %s", got.Text)
		}
		r.Close()
		if got := p.call("POST", "/webhook/test", `{"id":"`+id+`"}`).want(502); got.text("code") != "webhook_test_failed" {
			t.Errorf("got %s", got.Text)
		}
		if tries := p.attempts(id, 4); tries[3].text("error") == "" || !tries[3].JSON.Get("status").IsNull() {
			t.Errorf("the last try is %s", tries[3].Text)
		}
	})
}

// TestOfficialVerifierOfNPM holds the deliveries of both encodings against the
// library that the authors of Standard Webhooks publish.
func TestOfficialVerifierOfNPM(t *testing.T) {
	t.Parallel()
	testkit.NPMFile(t, "standardwebhooks")
	p := newPlatform(t)
	for _, encoding := range []string{"base64", "hex"} {
		r := newReceiver(t)
		w := p.subscribe(r, `,"signature_encoding":"`+encoding+`"`)
		p.call("POST", "/webhook/test", `{"id":"`+w.text("id")+`"}`).want(200)
		e := r.wait(1)[0]
		for body, want := range map[string]string{e.Body: "verified", strings.Replace(e.Body, "bar", "baz", 1): "No matching signature found"} {
			headers := jsonx.NewBuilder(3)
			for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
				headers.Set(name, jsonx.StringValue(e.Header.Get(name)))
			}
			input := jsonx.NewBuilder(3).Set("secret", jsonx.StringValue(w.text("standard_secret"))).Set("body", jsonx.StringValue(body)).Set("headers", headers.Value()).Value()
			verify := exec.Command("node", filepath.Join("..", "..", "test", "npm", "verify-webhook.mjs"))
			verify.Stdin = strings.NewReader(input.String())
			if got, err := verify.CombinedOutput(); err != nil || strings.TrimSpace(string(got)) != want {
				t.Errorf("%s, %s: got %s %v, want %s", encoding, body, got, err, want)
			}
		}
	}
}

// TestHangingReceiversAreAlone is W4: what hangs takes nothing from the others.
func TestHangingReceiversAreAlone(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		release := make(chan struct{})
		hanging, healthy := newReceiver(t), newReceiver(t)
		t.Cleanup(func() { close(release) })
		hanging.answers(func(int, received) (int, http.Header) {
			<-release
			return 200, nil
		})
		p.subscribe(hanging, "")
		p.subscribe(healthy, "")
		for range 50 {
			p.rename(c.account, "again")
		}
		began := time.Now()
		healthy.wait(50)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the healthy receiver waited %s", took)
		}
	})
}

// TestHangingReceiversTakeTheirShare is W4 for more receivers that hang than a node
// delivers for at once: they never take more than half of the places, so that one that
// answers gets its events while all of them hang.
func TestHangingReceiversTakeTheirShare(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		const many, share = 280, 128
		c := newEngine(t, p, `{}`)
		release := make(chan struct{})
		hanging, healthy := newReceiver(t), newReceiver(t)
		t.Cleanup(func() { close(release) })
		hanging.answers(func(int, received) (int, http.Header) {
			<-release
			return 200, nil
		})
		for range many {
			p.subscribe(hanging, `,"event_types":["integrated_account:updated"]`)
		}
		// They have been known to fail for a while.
		_, err := testkit.Raw(t, testkitOf(p)).ExecContext(t.Context(), "UPDATE webhook SET failing_since = created_at")
		p.must(err)
		p.subscribe(healthy, `,"event_types":["integrated_account:updated"]`)
		began := time.Now()
		p.rename(c.account, "first")
		places := func() int { // of receivers that have got requests, however many
			webhooks := map[string]bool{}
			for _, r := range hanging.all() {
				webhooks[r.JSON.Get("webhook_id").Str()] = true
			}
			return len(webhooks)
		}
		for deadline := time.Now().Add(time.Minute); places() < share; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d receivers hang", places())
			}
		}
		for n := range 10 {
			p.rename(c.account, fmt.Sprint("again ", n))
		}
		healthy.wait(11)
		// Those that have hung for as long as they may, 15 s, make room for others.
		if n := places(); n > share && time.Since(began) < 14*time.Second {
			t.Errorf("%d receivers hang at once, and may take %d places", n, share)
		}
	})
}

// TestOldEventsGo holds that the outbox does not grow for ever, and loses nothing that a
// receiver has yet to get.
func TestOldEventsGo(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		r := newReceiver(t)
		r.answers(func(int, received) (int, http.Header) { return 503, http.Header{"Retry-After": {"3600"}} })
		c := newEngine(t, p, `{}`)
		p.subscribe(r, "")
		p.call("PATCH", "/integrated-account/"+c.account, `{"name":"Renamed"}`).want(200)
		r.wait(1)
		names := func() (all []string) {
			for _, e := range p.get("/event").want(200).JSON.Get("result").Items() {
				all = append(all, e.Get("event").Str())
			}
			return all
		}
		before := len(names())
		p.eventually("the try is in the log", func() bool { return p.get("/log?log_type=webhook").want(200).JSON.Get("result").Len() == 1 })
		webhook := p.get("/webhook").want(200).ids()[0]
		for query, want := range map[string]int{"[webhook_id]=" + webhook: 1, "[event]=integrated_account:updated": 1, "[event]=integrated_account:active": 0, "[webhook_id]=" + guessedID: 0} {
			got := p.get("/log?log_type=webhook&log_type_filter" + query).want(200).JSON.Get("result").Items()
			if len(got) != want {
				t.Errorf("the log has %d records by %s, want %d", len(got), query, want)
			}
			if want == 1 && (got[0].Get("webhook_endpoint_status").String() != "503" || got[0].Get("status").Str() != "retrying" || got[0].Get("webhook_id").Str() != webhook) {
				t.Errorf("a record is %s", got[0])
			}
		}
		if n, err := p.server.Core.Store.PruneEvents(t.Context(), time.Now().Add(-time.Hour)); err != nil || n != 0 {
			t.Errorf("of events that are not old %d went: %v", n, err)
		}
		n, err := p.server.Core.Store.PruneEvents(t.Context(), time.Now().Add(time.Hour))
		if err != nil || int(n) != before-1 {
			t.Errorf("%d of %d events went: %v", n, before, err)
		}
		if left := names(); !slices.Equal(left, []string{"integrated_account:updated"}) {
			t.Errorf("%q are left", left)
		}
	})
}
