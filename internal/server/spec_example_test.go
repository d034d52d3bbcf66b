package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// example is one example of the published specification, run through the server
// against a vendor: a definition, a call, the request that the vendor gets, and
// the answer that the caller gets.
type example struct {
	config  string // members over the least that a definition needs
	context string // further members of the account's context, with a comma in front
	call    string // a verb and a path: under /proxy, or as it is below /custom
	body    string
	// The vendor's answer; 200 and an empty object unless given.
	status  int
	says    string
	headers []string
	// The request that the vendor gets; what is empty is not looked at. A header
	// whose value is empty is not sent.
	line   string
	sent   string
	header map[string]string
	// The answer; 200 unless given. shows has texts by their dotted path, back has
	// headers.
	want  int
	text  string
	shows map[string]string
	back  map[string]string
}

const exampleDefinition = `{"label":"Vendor","base_url":"{{base_url}}","credentials":{"api_key":{"format":"api_key","config":{"fields":[
	{"name":"base_url","label":"Address","type":"text"},{"name":"api_key","label":"Key","type":"password"}]}}},
	"resources":{"things":{"list":{"path":"/things"},"get":{"path":"/things/{{id}}"},"create":{"method":"post","path":"/things"},"update":{"method":"patch","path":"/things/{{id}}"},"delete":{"method":"delete","path":"/things/{{id}}"}}}}`

var exampleNumber atomic.Int64

// example installs a definition and connects an account of it.
func (p *platform) example(t *testing.T, config, context string) *called {
	t.Helper()
	if config == "" {
		config = "{}"
	}
	c := &called{platform: p.with(t), vendor: newVendor(t)}
	name := fmt.Sprintf("example-%d", exampleNumber.Add(1))
	whole := jsonx.Overlay(jsonx.MustParse(exampleDefinition), jsonx.MustParse(strings.ReplaceAll(config, "VENDOR", c.vendor.URL)))
	c.integration = c.call("POST", "/integration", `{"name":"`+name+`","config":`+whole.String()+`}`).want(201).text("id")
	c.installation = c.call("POST", "/environment-integration", `{"integration_id":"`+c.integration+`"}`).want(201).text("id")
	c.vendor.says(200, `{}`)
	c.account = c.call("POST", "/integrated-account", `{"tenant_id":"acme-1","environment_integration_id":"`+c.installation+`","authentication_method":"api_key",
		"context":{"base_url":"`+c.vendor.URL+`","api_key":"key-canary-1"`+context+`}}`).want(201).text("id")
	for c.get("/integrated-account/"+c.account).want(200).text("status") == "connecting" {
		time.Sleep(10 * time.Millisecond) // its steps call the vendor too
	}
	return c
}

// ask makes a call for the account: "GET /things", or "PUT /custom/x".
func (c *called) ask(call, body string, headers ...string) *reply {
	c.t.Helper()
	verb, path, _ := strings.Cut(call, " ")
	if !strings.HasPrefix(path, "/custom") {
		path = "/proxy" + path
	}
	glue := "?"
	if strings.Contains(path, "?") {
		glue = "&"
	}
	return c.platform.call(verb, path+glue+"integrated_account_id="+c.account, body, headers...)
}

// runExamples runs the examples of one part of the specification.
func runExamples(t *testing.T, examples map[string]example) {
	t.Helper()
	p := newPlatform(t)
	for name, e := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := p.example(t, e.config, e.context)
			e.run(c)
		})
	}
}

func (e example) run(c *called) {
	c.t.Helper()
	if e.status == 0 {
		e.status = http.StatusOK
	}
	if e.says == "" {
		e.says = "{}"
	}
	c.vendor.says(e.status, strings.ReplaceAll(e.says, "VENDOR", c.vendor.URL), e.headers...)
	got := c.ask(e.call, e.body)
	if e.want == 0 {
		e.want = http.StatusOK
	}
	got.want(e.want)
	last := c.vendor.last()
	if e.line != "" && last.Line != e.line {
		c.t.Errorf("the vendor got\n%s\nwant\n%s", last.Line, e.line)
	}
	if e.sent != "" && last.Body != e.sent && !(e.sent == nothingSent && last.Body == "") {
		c.t.Errorf("the vendor got the body\n%s\nwant\n%s", last.Body, e.sent)
	}
	for name, want := range e.header {
		if have := strings.Join(last.Header.Values(name), " | "); have != want {
			c.t.Errorf("the vendor got %s: %q, want %q", name, have, want)
		}
	}
	if e.text != "" && got.Text != e.text {
		c.t.Errorf("the caller got\n%s\nwant\n%s", got.Text, e.text)
	}
	for path, want := range e.shows {
		if have := plain(got.JSON.At(strings.Split(path, ".")...)); have != want {
			c.t.Errorf("the caller got %s: %s, want %s\n%s", path, have, want, got.Text)
		}
	}
	for name, want := range e.back {
		if have := got.Header.Get(name); have != want {
			c.t.Errorf("the caller got %s: %q, want %q", name, have, want)
		}
	}
}

// nothingSent stands for a request without a body.
const nothingSent = "no body"
