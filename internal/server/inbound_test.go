package server_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// hookedAccount is an account of an integration whose vendor sends webhooks.
type hookedAccount struct {
	*platform
	installation, account string
}

const hookSecret = "hook-secret-canary"

// signedHook verifies with a secret of the installation, and tells accounts apart by
// their shop.
const signedHook = `{
	"handle_verification": "body.challenge ? {'type': 'verify', 'verification_response': {'status_code': 200, 'body': {'challenge': body.challenge}}, 'update_context': {'learned': body.challenge, 'plan': 'stolen'}} : body.kind = 'ping' ? {'type': 'meta', 'update_context': {'pinged': true}} : {'type': 'payload'}",
	"handshake_context": ["learned"],
	"payload_transform": "body.events ? [body.events.{'event_type': type, 'resource_type': 'tickets', 'resource_id': $string(id), 'raw': $}]",
	"delivery_id": "headers.\"x-delivery\"",
	"signature_verification": {"format": "hmac", "config": {"secret": "{{environment_variables.HOOK_SECRET}}", "compare_with": "sha256=$header.x-signature",
		"context_lookup_field_name": "shop.id", "context_lookup_field_value": "body.shop"}}}`

// newHookedAccount connects an account of an integration with a webhook block.
func newHookedAccount(p *platform, name, webhook string) *hookedAccount {
	p.t.Helper()
	config := jsonx.MustParse(definitionText).With("webhook", jsonx.MustParse(webhook))
	integration := p.call("POST", "/integration", `{"name":"`+name+`","category":"helpdesk","config":`+config.String()+`}`).want(201).text("id")
	installation := p.call("POST", "/environment-integration", `{"integration_id":"`+integration+`","override":{"secret_environment_variables":{"HOOK_SECRET":"`+hookSecret+`"}}}`).want(201).text("id")
	h := &hookedAccount{platform: p, installation: installation}
	h.account = h.connectShop("17")
	return h
}

func (h *hookedAccount) connectShop(id string) string {
	h.t.Helper()
	return h.call("POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+h.installation+
		`","authentication_method":"api_key","context":{"base_url":"https://vendor.example","api_key":"key-canary-1","shop":{"id":`+id+`}}}`).want(201).text("id")
}

func signature(secret, body string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}

// deliver sends a delivery as a vendor does: without a token.
func (h *hookedAccount) deliver(path, body string, headers ...string) *reply {
	h.t.Helper()
	request, err := http.NewRequest("POST", h.url+path, strings.NewReader(body))
	h.must(err)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return h.send(request)
}

func (h *hookedAccount) signed(path, body string, headers ...string) *reply {
	h.t.Helper()
	return h.deliver(path, body, append([]string{"X-Signature", signature(hookSecret, body)}, headers...)...)
}

func (h *hookedAccount) toAccount() string { return "/integrated-account-webhook/" + h.account }

func (h *hookedAccount) toInstallation() string {
	return "/environment-integration-webhook/" + h.installation
}

// records returns the payloads of the record events of the environment with their
// types in front, once there are so many.
func (p *platform) records(n int) (all []jsonx.Value, types []string) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		all, types = nil, nil
		events, err := p.server.Core.Store.Events(p.t.Context(), p.environment.ID, "", 10_000)
		p.must(err)
		for _, e := range events {
			if strings.HasPrefix(string(e.Type), "record:") {
				all, types = append(all, jsonx.MustParse(string(e.Payload))), append(types, string(e.Type))
			}
		}
		if len(all) >= n {
			return all, types
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("there are %d events of records, want %d: %s", len(all), n, p.get("/inbound-webhook").Text)
		}
	}
}

// inbox lists deliveries, once none of them waits any more.
func (p *platform) inbox(query string) []jsonx.Value {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		rows := p.get("/inbound-webhook?" + query).want(200)
		if !strings.Contains(rows.Text, `"status":"received"`) || time.Now().After(deadline) {
			return rows.JSON.Get("result").Items()
		}
	}
}

// TestDeliveryBecomesEvents holds the way of a delivery: verified, stored, answered,
// made into events in the order of its account, once, seen in the inbox without
// secrets, and processed again on demand.
func TestDeliveryBecomesEvents(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		h := newHookedAccount(p, "hooked", signedHook)
		body := `{"events":[{"type":"ticket.created","id":1,"title":"A"},{"type":"ticket.updated","id":1},{"type":"ticket.deleted","id":2}]}`
		got := h.signed(h.toAccount(), body, "X-Delivery", "one", "Authorization", "Basic c2VjcmV0").want(200)
		if got.Text != "" {
			t.Errorf("answered %q", got.Text)
		}
		h.signed(h.toAccount(), body, "X-Delivery", "one").want(200)
		all, types := h.records(3)
		if strings.Join(types, " ") != "record:created record:updated record:deleted" {
			t.Errorf("got %q", types)
		}
		rows := h.inbox("")
		if len(rows) != 1 || rows[0].Get("status").Str() != "processed" || rows[0].Get("duplicates").String() != "1" || rows[0].Get("events").String() != "3" || rows[0].Get("verified").String() != "true" {
			t.Fatalf("the inbox has %v", rows)
		}
		id := rows[0].Get("id").Str()
		want := `{"event_type":"ticket.created","resource":"tickets","resource_id":"1","method":"created","integrated_account_id":"` + h.account + `","tenant_id":"t","environment_integration_id":"` + h.installation +
			`","integration_name":"hooked","inbound_webhook_id":"` + id + `","records":[],"raw_payload":{"type":"ticket.created","id":1,"title":"A"}}`
		if all[0].String() != want {
			t.Errorf("the event says %s, want %s", all[0], want)
		}
		whole := h.get("/inbound-webhook/" + id).want(200)
		if whole.text("body") != body || whole.text("body_encoding") != "utf8" || whole.text("headers", "x-delivery") != "one" ||
			whole.text("headers", "authorization") != "[hidden]" || whole.text("url") != p.url+h.toAccount() || whole.text("headers", "x-signature") == "[hidden]" {
			t.Errorf("the delivery is shown as %s", whole.Text)
		}
		h.call("POST", "/inbound-webhook/"+id+"/replay", "").want(200)
		h.records(6)
		if n := h.call("POST", "/inbound-webhook/replay", `{"integrated_account_id":"`+h.account+`","status":"processed","since":"2020-01-01T00:00:00Z"}`).want(200).Text; n != `{"replayed":1}` && n != `{"replayed":0}` {
			t.Errorf("replayed %s", n)
		}
		h.call("POST", "/inbound-webhook/"+guessedID+"/replay", "").want(404)
	})
}

// TestRefusedDeliveryHasNoEffect holds that what is not genuine changes nothing, and
// that the inbox says why.
func TestRefusedDeliveryHasNoEffect(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		h := newHookedAccount(p, "hooked", signedHook)
		before := p.get("/integrated-account/" + h.account).want(200)
		events := len(p.events())
		for _, path := range []string{h.toAccount(), h.toInstallation()} {
			for name, r := range map[string]*reply{
				"none":      h.deliver(path, `{"kind":"ping","shop":17}`),
				"forged":    h.deliver(path, `{"kind":"ping","shop":17}`, "X-Signature", signature("other", `{"kind":"ping","shop":17}`)),
				"of others": h.deliver(path, `{"kind":"ping","shop":17}`, "X-Signature", signature(hookSecret, `{"kind":"ping"}`)),
				"empty":     h.deliver(path, "", "X-Signature", ""),
			} {
				if r.want(401); r.text("code") != "webhook_refused" || strings.Contains(r.Text, "signature_") {
					t.Errorf("%s: got %s", name, r.Text)
				}
			}
		}
		after := p.get("/integrated-account/" + h.account).want(200)
		if after.Text != before.Text || len(p.events()) != events {
			t.Errorf("a refused delivery has changed the account or written events: %s", after.Text)
		}
		rows := h.inbox("status=refused")
		if len(rows) != 2 { // one of each address within a second
			t.Errorf("the inbox has %v", rows)
		}
		for _, row := range rows {
			id := row.Get("id").Str()
			whole := h.get("/inbound-webhook/" + id).want(200)
			if code := row.Get("code").Str(); code != "signature_missing" && code != "signature_mismatch" || !whole.JSON.Get("body").IsNull() {
				t.Errorf("the inbox says %s", whole.Text)
			}
			if got := h.call("POST", "/inbound-webhook/"+id+"/replay", "").want(409); got.text("code") != "inbound_not_kept" {
				t.Errorf("replay of a refused one: %s", got.Text)
			}
		}
	})
}

// TestHandshake holds that a handshake is answered before there is a signature, and
// sets nothing but what the definition lists, once.
func TestHandshake(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		h := newHookedAccount(p, "hooked", signedHook)
		got := h.deliver(h.toAccount(), `{"challenge":"c-1"}`).want(200)
		if got.Text != `{"challenge":"c-1"}` || got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("got %s %v", got.Text, got.Header)
		}
		h.deliver(h.toAccount(), `{"challenge":"c-2"}`).want(200)
		context := p.get("/integrated-account/" + h.account).want(200).JSON.Get("context")
		if context.Get("learned").Str() != "c-1" || context.Get("plan").Exists() {
			t.Errorf("the context is %s", context)
		}
		h.signed(h.toAccount(), `{"challenge":"c-3"}`).want(200)
		context = p.get("/integrated-account/" + h.account).want(200).JSON.Get("context")
		if context.Get("learned").Str() != "c-3" || context.Get("plan").Str() != "stolen" {
			t.Errorf("after a signed one, the context is %s", context)
		}
		h.deliver(h.toInstallation(), `{"challenge":"c-1"}`).want(200)
		if rows := h.inbox(""); len(rows) != 0 {
			t.Errorf("the inbox has %v", rows)
		}
		h.signed(h.toAccount(), `{"kind":"ping"}`).want(200)
		if all, types := h.records(1); types[0] != "record:meta" || all[0].Get("raw_payload").String() != `{"kind":"ping"}` {
			t.Errorf("got %q %v", types, all)
		}
		if context = p.get("/integrated-account/" + h.account).want(200).JSON.Get("context"); context.Get("pinged").String() != "true" {
			t.Errorf("a signed update of the context is lost: %s", context)
		}
		p.get(h.toAccount()).want(405)
		p.get(strings.TrimSuffix(h.toAccount(), h.account) + guessedID).want(404)
	})
}

// TestDeliveryFindsItsAccounts holds that the address of an installation finds accounts
// by a member of their context, also those that come or change later, and that what is
// for nobody waits for replay.
func TestDeliveryFindsItsAccounts(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		h := newHookedAccount(p, "hooked", signedHook)
		send := func(shop string) {
			h.signed(h.toInstallation(), `{"shop":`+shop+`,"kind":"ping"}`, "X-Delivery", shop).want(200)
		}
		send("17")
		if all, _ := h.records(1); all[0].Get("integrated_account_id").Str() != h.account {
			t.Errorf("got %v", all)
		}
		send("18")
		if rows := h.inbox("status=unrouted"); len(rows) != 1 || rows[0].Get("code").Str() != "account_unknown" {
			t.Fatalf("the inbox has %v", rows)
		}
		later := h.connectShop("18")
		if n := h.call("POST", "/inbound-webhook/replay", `{"status":"unrouted"}`).want(200).Text; n != `{"replayed":1}` {
			t.Errorf("replayed %s", n)
		}
		if all, _ := h.records(2); all[1].Get("integrated_account_id").Str() != later {
			t.Errorf("got %v", all)
		}
		p.call("PATCH", "/integrated-account/"+later, `{"context":{"shop":{"id":"nineteen"}}}`).want(200)
		send(`["nineteen",17]`)
		all, _ := h.records(4)
		if a, b := all[2].Get("integrated_account_id").Str(), all[3].Get("integrated_account_id").Str(); a == b {
			t.Errorf("both went to %s", a)
		}
		send("18")
		h.deliver(h.toInstallation(), `{"shop":18}`).want(401)
		unknown := h.deliver("/environment-integration-webhook/"+guessedID, `{}`).want(404)
		for _, path := range []string{"/integrated-account-webhook/" + guessedID, "/integrated-account-webhook/x", "/environment-integration-webhook/" + h.account} {
			if got := h.deliver(path, `{}`).want(404); anonymous(got) != anonymous(unknown) {
				t.Errorf("%s: got %s", path, got.Text)
			}
		}
		_, plain := p.install("plain")
		quiet := p.connect(plain, "t", "").text("id")
		if got := h.deliver("/integrated-account-webhook/"+quiet, `{}`).want(404); got.text("code") != "webhook_not_configured" {
			t.Errorf("without a webhook: %s", got.Text)
		}
	})
}

// TestOddDeliveries sends what no vendor should.
func TestOddDeliveries(t *testing.T) {
	t.Parallel()
	h := newHookedAccount(newPlatform(t), "hooked", signedHook)
	big := strings.Repeat("x", 5<<20+1)
	if got := h.signed(h.toAccount(), big).want(413); got.text("code") != "body_too_large" {
		t.Errorf("got %s", got.Text)
	}
	request, err := http.NewRequest("POST", h.url+h.toAccount(), io.MultiReader(strings.NewReader(big))) // in chunks
	h.must(err)
	if got := h.send(request); got.Status != 413 {
		t.Errorf("in chunks: got %d", got.Status)
	}
	if got := h.signed(h.toAccount(), "{}", "X-Long", strings.Repeat("x", 70<<10)).want(413); got.text("code") != "headers_too_large" {
		t.Errorf("got %s", got.Text)
	}
	for name, body := range map[string]string{
		"no UTF-8": "{\"a\":\"\xff\xfe\"}", "no JSON": `{"a":`, "nothing": "", "NUL": "\x00\x00", "deep": strings.Repeat("[", 100_000), "a number": "7",
		"a byte order mark": "\ufeff{}", "lone surrogate": `{"a":"\ud800"}`,
	} {
		for _, contentType := range []string{"application/json", "", "text/plain; charset=nonsense", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"} {
			request, err := http.NewRequest("POST", h.url+h.toAccount(), strings.NewReader(body))
			h.must(err)
			request.Header["Content-Type"] = []string{contentType}
			request.Header.Set("X-Signature", signature(hookSecret, body))
			request.Header.Set("X-Delivery", name+contentType)
			if got := h.send(request); got.Status != 200 {
				t.Errorf("%s as %q: got %d %s", name, contentType, got.Status, got.Text)
			}
		}
	}
	for coding, body := range map[string][]byte{"gzip": []byte("no gzip"), "br": {}, "unknown": []byte("{}")} {
		request, err := http.NewRequest("POST", h.url+h.toAccount(), bytes.NewReader(body))
		h.must(err)
		request.Header.Set("Content-Encoding", coding)
		request.Header.Set("X-Signature", signature(hookSecret, string(body)))
		request.Header.Set("X-Delivery", coding)
		if got := h.send(request); got.Status != 200 {
			t.Errorf("%s: got %d %s", coding, got.Status, got.Text)
		}
	}
	for _, row := range h.inbox("limit=100") {
		if status := row.Get("status").Str(); status != "processed" && status != "refused" {
			t.Errorf("%s", row)
		}
		h.get("/inbound-webhook/" + row.Get("id").Str()).want(200)
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		if got := h.call(method, h.toAccount(), "{}"); got.Status != 405 {
			t.Errorf("%s: got %d", method, got.Status)
		}
	}
}
