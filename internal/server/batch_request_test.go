package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// batched answers as a vendor with teams, their members, and folders in each other.
func (m *modelled) batched() {
	m.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		q := r.URL.Query()
		switch {
		case strings.HasSuffix(r.URL.Path, "/contacts/2"):
			w.WriteHeader(404)
			fmt.Fprint(w, `{"message":"no such contact"}`)
		case strings.Contains(r.URL.Path, "/contacts/"):
			fmt.Fprintf(w, `{"id":%q,"name":"of %s"}`, r.URL.Path[len("/v1/contacts/"):], q.Get("team"))
		case q.Get("since") == "deep":
			fmt.Fprint(w, `{"data":[{"id":11,"more":false}]}`)
		case q.Get("after") == "":
			fmt.Fprint(w, `{"data":[{"id":1,"name":"Ann","more":true},{"id":2,"name":"Bob","more":false}],"next":"c2"}`)
		default:
			fmt.Fprint(w, `{"data":[{"id":3,"name":"Eve","more":false}]}`)
		}
	})
}

func (m *modelled) batch(resources string, args ...string) *reply {
	m.t.Helper()
	with := "{}"
	if len(args) > 0 {
		with = args[0]
	}
	return m.call("POST", "/batch-request", `{"integrated_account_id":"`+m.account+`","args":`+with+`,"resources":`+resources+`}`)
}

// TestBatchRequest is spec 03 section 4.1 and behaviour 14 of section 16.
func TestBatchRequest(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	m := newModelled(t, p)
	p.call("PATCH", "/integration/"+m.integration, `{"config":{"pagination":{"format":"cursor","config":{"cursor_key":"after","cursor_path":"next"}}}}`).want(200)
	m.batched()
	for name, c := range map[string]struct{ resources, args, result, errors string }{
		"a list is followed to its end": {
			resources: `[{"resource":"crm/contacts","method":"list","query":{"truto_ignore_remote_data":"true","truto_exclude_fields":"name"}}]`,
			result:    `{"crm/contacts":[{"id":"1"},{"id":"2"},{"id":"3"}]}`,
		},
		"a call for each record of another, and a failure of one": {
			resources: `[{"resource":"contacts","method":"get","id":"{{resources.crm.contacts.id}}","query":{"team":"{{args.team}}"},"depends_on":"crm/contacts","persist":true},{"resource":"crm/contacts","method":"list","persist":false}]`,
			args:      `{"team":"red"}`,
			result:    `{"contacts":[{"id":"1","name":"of red"},{"id":"3","name":"of red"}]}`, errors: `{"contacts":[{"statusCode":404,"error":"Not Found","message":"no such contact","code":"remote_error","truto_is_remote_error":true,"raw_response":{"message":"no such contact"}}]}`,
		},
		"proxy results that are not persisted are absent": {
			resources: `[{"resource":"contacts","method":"list"}]`, result: `{}`,
		},
		"a loop": {
			resources: `[{"resource":"contacts","method":"get","loop_on":"{{args.ids}}","id":"{{args.ids}}","persist":true}]`, args: `{"ids":["7","8"]}`,
			result: `{"contacts":[{"id":"7","name":"of "},{"id":"8","name":"of "}]}`,
		},
		"a loop over the records of a spool": {
			resources: `[{"resource":"crm/contacts","method":"list","persist":false},{"type":"spool","name":"all","depends_on":"crm/contacts","persist":false},
				{"type":"transform","name":"ids","depends_on":["all"],"config":{"expression":"{'n': $count(resources.all)}"}}]`,
			result: `{"ids":[{"n":3}]}`,
		},
		"a transform, and a call for what it returns": {
			resources: `[{"resource":"crm/contacts","method":"list","persist":false},{"type":"transform","name":"some","depends_on":"crm/contacts","config":{"expression":"resources.crm.contacts[id = '1' or id = '3'].{'id': 'x' & id}"}},
				{"resource":"contacts","method":"get","id":"{{resources.some.id}}","depends_on":"some","persist":true}]`,
			result: `{"contacts":[{"id":"x1","name":"of "},{"id":"x3","name":"of "}]}`,
		},
		"recursion": {
			resources: `[{"resource":"contacts","method":"list","persist":true,"recurse":{"if":"{{resources.contacts.more:bool}}","config":{"query":{"since":"deep"}}}}]`,
			result:    `{"contacts":[{"id":1,"name":"Ann","more":true},{"id":11,"more":false},{"id":2,"name":"Bob","more":false},{"id":3,"name":"Eve","more":false}]}`,
		},
		"JSONata, and the vendor's records": {
			resources: `[{"resource":"crm/contacts","method":"list","response_format":"raw","query":"{'updated_at': {'gt': args.since}}"}]`, args: `{"since":"deep"}`,
			result: `{"crm/contacts":[{"id":11,"more":false}]}`,
		},
		"several parents": {
			resources: `[{"resource":"contacts","name":"one","method":"get","id":"1"},{"resource":"contacts","name":"three","method":"get","id":"3"},
				{"type":"transform","name":"both","depends_on":["one","three"],"config":{"expression":"{'ids': [resources.one.id, resources.three.id]}"}}]`,
			result: `{"both":[{"ids":["1","3"]}]}`,
		},
		"an id without a value": {
			resources: `[{"resource":"contacts","method":"get","id":"{{args.none}}"}]`, result: `{}`,
			errors: `{"contacts":[{"statusCode":400,"error":"Bad Request","message":"Placeholders without a value: {{args.none}}","code":"unresolved_placeholder","details":{"failures":[{"path":"{{args.none}}","message":"nothing gives this placeholder a value","code":"unresolved_placeholder"}]}}]}`,
		},
		"a resource that is not there": {
			resources: `[{"resource":"crm/nothing","method":"list"}]`, result: `{"crm/nothing":[]}`,
			errors: `{"crm/nothing":[{"statusCode":404,"error":"Not Found","message":"Unified model crm has no resource \"nothing\"","code":"resource_not_found"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			one := *m
			one.called = &called{platform: p.with(t), vendor: m.vendor, account: m.account}
			args := c.args
			if args == "" {
				args = "{}"
			}
			got := one.batch(c.resources, args).want(200)
			if have := got.JSON.Get("result").String(); have != c.result {
				t.Errorf("got  %s\nwant %s\n%s", have, c.result, got.JSON.Get("errors"))
			}
			if c.errors == "" {
				c.errors = "{}"
			}
			if !jsonx.Equal(got.JSON.Get("errors"), jsonx.MustParse(c.errors)) {
				t.Errorf("errors: got %s, want %s", got.JSON.Get("errors"), c.errors)
			}
		})
	}
}

// TestBatchRequestRefuses what cannot be read, naming the place.
func TestBatchRequestRefuses(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	m := newModelled(t, p)
	before := m.vendor.count()
	for resources, path := range map[string]string{
		`[]`:                  "resources",
		`[1]`:                 "resources[0]",
		`[{"method":"list"}]`: "resources[0].resource",
		`[{"resource":"a"}]`:  "resources[0].method",
		`[{"resource":"a","method":"list","wrong":1}]`:                                                          "resources[0].wrong",
		`[{"resource":"a","method":"list","depends_on":"b"}]`:                                                   "resources[0].depends_on",
		`[{"resource":"a","method":"list","depends_on":"b"},{"resource":"b","method":"list","depends_on":"a"}]`: "resources",
		`[{"resource":"a","method":"list","query":"{"}]`:                                                        "resources[0].query",
		`[{"resource":"a","method":"list","persist":"yes"}]`:                                                    "resources[0].persist",
		`[{"resource":"a","method":"list","recurse":{"if":"{{x}}"}}]`:                                           "resources[0].recurse",
		`[{"type":"transform","name":"t","depends_on":"a"}]`:                                                    "resources[0].config.expression",
		`[{"type":"spool","depends_on":"a"}]`:                                                                   "resources[0].name",
		`[{"type":"wrong"}]`:                                                                                    "resources[0].type",
		`[{"resource":"a","method":"list","response_format":"xml"}]`:                                            "resources[0].response_format",
	} {
		if r := m.batch(resources); r.Status != 400 || r.JSON.At("details", "failures", "0", "path").Str() != path {
			t.Errorf("%s: got %d %s", resources, r.Status, r.Text)
		}
	}
	m.call("POST", "/batch-request", `{"resources":[]}`).failure("integrated_account_id", "required")
	m.call("POST", "/batch-request", `{"integrated_account_id":"`+m.environment.ID+`","resources":[{"resource":"a","method":"list"}]}`).want(404)
	m.as(m.accountToken(m.account)).call("POST", "/batch-request", `{"integrated_account_id":"`+m.account+`","resources":[{"resource":"contacts","method":"list"}]}`).want(403)
	if m.vendor.count() != before {
		t.Error("the vendor was asked")
	}
}

// TestBatchRequestOnce makes a batch at most once under a key.
func TestBatchRequestOnce(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		m := newModelled(t, p)
		m.vendor.says(201, `{"id":8}`)
		before := m.vendor.count()
		body := `{"integrated_account_id":"` + m.account + `","resources":[{"resource":"crm/contacts","method":"create","body":{"name":"Eve"}}]}`
		first := m.call("POST", "/batch-request", body, "Idempotency-Key", "k").want(200)
		again := m.call("POST", "/batch-request", body, "Idempotency-Key", "k").want(200)
		if first.Text != again.Text || m.vendor.count() != before+1 || first.JSON.At("result", "crm/contacts", "0", "id").Str() != "8" {
			t.Errorf("got %s and %s", first.Text, again.Text)
		}
	})
}
