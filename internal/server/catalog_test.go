package server_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestCatalogInstall installs a product in one call, and again.
func TestCatalogInstall(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		all := p.get("/catalog").want(200).JSON.Get("result")
		if all.Len() != len(catalog.Names()) {
			t.Errorf("the list has %d products of %d", all.Len(), len(catalog.Names()))
		}
		for _, entry := range p.get("/catalog?category=crm").want(200).JSON.Get("result").Items() {
			if entry.Get("category").Str() != "crm" || entry.Get("label").Str() == "" || entry.Get("credential_formats").Len() == 0 || entry.Get("resources").Len() < 5 {
				t.Errorf("got %s", entry)
			}
		}
		var categories []string
		for _, category := range p.get("/category").want(200).JSON.Get("result").Items() {
			categories = append(categories, category.Get("name").Str())
		}
		for _, entry := range all.Items() {
			if !slices.Contains(categories, entry.Get("category").Str()) {
				t.Errorf("%s: there is no category %s", entry.Get("name"), entry.Get("category"))
			}
		}
		if got := p.get("/catalog?category=nothing").want(200).Text; got != `{"result":[]}` {
			t.Errorf("got %s", got)
		}
		p.get("/catalog?category[in]=crm").failure("category", "type")
		p.get("/catalog/nothing").want(404)
		p.call("POST", "/catalog/nothing/install", "").want(404)
		product := p.get("/catalog/hubspot").want(200)

		first := p.call("POST", "/catalog/hubspot/install", "").want(201)
		if !jsonx.Equal(first.JSON.At("integration", "config"), product.JSON.Get("config")) || first.text("integration", "category") != "crm" {
			t.Errorf("the installed definition is not that of the catalogue: %s", first.Text)
		}
		before := openDatabase(t, p.config).tables()
		again := p.call("POST", "/catalog/hubspot/install", "").want(200)
		if again.text("id") != first.text("id") || !jsonx.Equal(again.JSON, first.JSON) {
			t.Errorf("got\n%s\nwant\n%s", again.Text, first.Text)
		}
		sameTables(t, before, openDatabase(t, p.config).tables())

		// Another environment of the team gets the same integration, another
		// team its own.
		staging := p.inEnvironment("staging").call("POST", "/catalog/hubspot/install", "").want(201)
		if staging.text("integration_id") != first.text("integration_id") || staging.text("id") == first.text("id") {
			t.Errorf("staging: got %s", staging.Text)
		}
		stranger := p.stranger().call("POST", "/catalog/hubspot/install", "").want(201)
		if stranger.text("integration_id") == first.text("integration_id") {
			t.Error("two teams share an integration")
		}

		// What the team has changed stays, and so does one that it made itself.
		p.call("PATCH", "/integration/"+first.text("integration_id"), `{"config":{"label":"Ours"}}`).want(200)
		if got := p.call("POST", "/catalog/hubspot/install", "").want(200).text("integration", "config", "label"); got != "Ours" {
			t.Errorf("got label %q", got)
		}
		own := p.createIntegration("zendesk")
		if got := p.call("POST", "/catalog/zendesk/install", "").want(201).text("integration_id"); got != own {
			t.Errorf("installed %s, not the team's own %s", got, own)
		}
	})
}

// TestCatalogExchanges drives every product of the catalogue through the server,
// against a vendor that answers as its documentation says (catalog/testdata).
func TestCatalogExchanges(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for i, name := range catalog.Names() {
		if testkit.Race && i%5 > 0 {
			continue // data, which the detector has nothing to say about
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newProduct(t, p.with(t), name)
			c.coverage()
			for i, format := range c.formats() {
				c.connect(format)
				for j, e := range c.file.Get("exchanges").Items() {
					if i == 0 || j == 0 {
						c.run(e)
					}
				}
			}
		})
	}
}

// product is a product of the catalogue with the exchanges of its file.
type product struct {
	*called
	file   jsonx.Value
	config jsonx.Value
	sends  jsonx.Value
}

func newProduct(t *testing.T, p *platform, name string) *product {
	t.Helper()
	text, _ := catalog.Text(name)
	config, err := definition.ReadConfig(text)
	p.must(err)
	c := &product{called: &called{platform: p, vendor: newVendor(t)}, config: config}
	text, err = os.ReadFile(filepath.Join("..", "..", "catalog", "testdata", name+".yaml"))
	p.must(err)
	c.file, err = definition.Read(text)
	p.must(err)
	local := c.here(config.Without("allowed_hosts"))
	c.integration = p.call("POST", "/integration", `{"name":`+quoted(name)+`,"config":`+local.String()+`}`).want(201).text("id")
	c.installation = p.call("POST", "/environment-integration", `{"integration_id":"`+c.integration+`"}`).want(201).text("id")
	return c
}

// here puts the address of the test's vendor before that of the real one, which
// becomes the beginning of the path: a request for https://api.example.com/v1
// arrives at /api.example.com/v1.
func (c *product) here(config jsonx.Value) jsonx.Value {
	move := func(v jsonx.Value) jsonx.Value {
		if base := v.Get("base_url"); base.Exists() {
			v = v.With("base_url", jsonx.StringValue(c.local(base.Str())))
		}
		return v
	}
	resources := config.Get("resources")
	for resource, methods := range resources.Members() {
		for name, method := range methods.Members() {
			resources = resources.SetAt(move(method), resource, name)
		}
	}
	return move(config).With("resources", resources)
}

func (c *product) local(text string) string {
	return strings.ReplaceAll(text, "https://", c.vendor.URL+"/")
}

func (c *product) real(text string) string {
	return strings.ReplaceAll(text, c.vendor.URL+"/", "https://")
}

// formats are the credential formats of the definition; the file has sample
// credentials of each.
func (c *product) formats() []string {
	c.t.Helper()
	var formats []string
	for _, credential := range definition.Credentials(c.config) {
		formats = append(formats, credential.Format)
	}
	if got := c.file.Get("connect").Names(); !slices.Equal(got, formats) {
		c.t.Fatalf("credentials of %v are given, and %v are offered", got, formats)
	}
	return formats
}

func (c *product) connect(format string) {
	c.t.Helper()
	sample := c.file.Get("connect").Get(format)
	context := jsonx.MustParse(c.local(sample.Get("context").String()))
	c.sends = sample.Get("sends")
	if strings.HasPrefix(format, "oauth2") {
		context = context.With("oauth", jsonx.MustParse(`{"token":{"access_token":"token-1"}}`))
		if !c.sends.Exists() {
			c.sends = jsonx.MustParse(`{"Authorization":"Bearer token-1"}`)
		}
	}
	body := jsonx.MustParse(`{"tenant_id":"acme-1"}`).With("environment_integration_id", jsonx.StringValue(c.installation)).
		With("authentication_method", jsonx.StringValue(format)).With("context", context)
	c.account = c.call("POST", "/integrated-account", body.String()).want(201).text("id")
}

// coverage holds the exchanges against what each product has to show: a list
// with a second page, a get, a create and an error, or why there is none.
func (c *product) coverage() {
	c.t.Helper()
	missing := c.file.Get("without")
	has := map[string]bool{}
	for _, e := range c.file.Get("exchanges").Items() {
		resource, method, _ := strings.Cut(e.Get("call").Str(), ".")
		if _, err := definition.FindMethod(c.config, resource, method); err != nil {
			c.t.Errorf("%s: %v", e.Get("call"), err)
		}
		has[method] = true
		has["next"] = has["next"] || e.Get("next").Exists()
		has["error"] = has["error"] || e.Get("error").Exists()
	}
	for _, kind := range []string{"list", "next", "get", "create", "error"} {
		if has[kind] == (missing.Get(kind).Str() != "") {
			c.t.Errorf("%s: want an exchange, or a reason why there is none", kind)
		}
	}
}

// run makes one exchange.
func (c *product) run(e jsonx.Value) {
	c.t.Helper()
	resource, method, _ := strings.Cut(e.Get("call").Str(), ".")
	id := plain(e.Get("id"))
	verb, path := proxyRoute(resource, method, id)
	query := url.Values{"integrated_account_id": {c.account}}
	for name, value := range e.Get("query").Members() {
		query.Set(name, plain(value))
	}
	body := ""
	if e.Get("body").Exists() {
		body = e.Get("body").String()
	}
	ask := func(response, request, sent jsonx.Value) *reply {
		c.t.Helper()
		c.answers(response)
		before := c.vendor.count()
		r := c.call(verb, path+"?"+query.Encode(), body)
		if c.vendor.count() != before+1 {
			c.t.Fatalf("%s: the vendor was asked %d times: %d %s", r.call, c.vendor.count()-before, r.Status, r.Text)
		}
		c.asked(e.Get("call").Str(), request.Str(), sent)
		return r
	}
	sent := e.Get("sent")
	if !sent.Exists() && verb != "GET" && verb != "DELETE" {
		sent = e.Get("body")
	}
	got := ask(e.Get("response"), e.Get("request"), sent)
	if want := e.Get("error"); want.Exists() {
		status, _ := want.Get("status").Int()
		if got.Status != int(status) || got.text("message") != want.Get("message").Str() {
			c.t.Errorf("%s: got %d %q, want %s\n%s", got.call, got.Status, got.text("message"), want, got.Text)
		}
		return
	}
	if got.Status < 200 || got.Status > 299 {
		c.t.Errorf("%s: got %d %s", got.call, got.Status, got.Text)
		return
	}
	c.answered(e, method, id, got)
	if !e.Get("next").Exists() {
		return
	}
	query.Set("next_cursor", got.text("next_cursor"))
	last := ask(e.Get("last"), e.Get("next"), e.Get("next_sent"))
	if last.Status != 200 || !last.JSON.Get("next_cursor").IsNull() {
		c.t.Errorf("%s: the last page: got %d %s", last.call, last.Status, last.Text)
	}
}

// proxyRoute is the request that calls a method of a definition.
func proxyRoute(resource, method, id string) (verb, path string) {
	path = "/proxy/" + resource
	verb = map[string]string{"list": "GET", "get": "GET", "create": "POST", "update": "PATCH", "delete": "DELETE"}[method]
	switch {
	case verb == "":
		verb, path = "POST", path+"/"+method
	case id != "":
		path += "/" + url.PathEscape(id)
	}
	return verb, path
}

// answered holds an answer against what the exchange expects of it.
func (c *product) answered(e jsonx.Value, method, id string, got *reply) {
	c.t.Helper()
	want := e.Get("result")
	body := e.At("response", "body")
	switch path := want.Str(); {
	case !want.Exists():
		want = body
	case strings.HasPrefix(path, "."):
		want = body.At(strings.Split(path[1:], ".")...)
	}
	if !want.Exists() {
		want = jsonx.ObjectValue()
	}
	result, err := jsonx.ParseString(c.real(got.JSON.String()))
	c.must(err)
	switch method {
	case "list":
		if next := result.Get("next_cursor"); next.IsNull() == e.Get("next").Exists() {
			c.t.Errorf("%s: next_cursor is %s", got.call, next)
		}
		result = result.Get("result")
	case "delete":
		want = jsonx.ObjectValue(jsonx.Member{Name: "id", Value: jsonx.StringValue(id)})
	case "get", "create", "update":
	default:
		result = result.Get("result")
	}
	if !jsonx.Equal(result, want) {
		c.t.Errorf("%s: got\n%s\nwant\n%s", got.call, result, want)
	}
}

// answers lets the vendor answer with a response of the file.
func (c *product) answers(response jsonx.Value) {
	status, ok := response.Get("status").Int()
	if !ok {
		status = http.StatusOK
	}
	text := ""
	if body := response.Get("body"); body.Exists() {
		text = c.local(body.String())
	}
	c.vendor.serves(func(w http.ResponseWriter, _ *http.Request) {
		if text != "" {
			w.Header().Set("Content-Type", "application/json")
		}
		for name, value := range response.Get("headers").Members() {
			w.Header().Set(name, c.local(plain(value)))
		}
		w.WriteHeader(int(status))
		_, _ = w.Write([]byte(text))
	})
}

// asked holds the last request against what the exchange expects of it.
func (c *product) asked(call, want string, sent jsonx.Value) {
	c.t.Helper()
	last := c.vendor.last()
	verb, target, _ := strings.Cut(last.Line, " ")
	if got, want := canonical(verb+" https:/"+target), canonical(want); got != want {
		c.t.Errorf("%s asks for\n%s\nwant\n%s", call, got, want)
	}
	for name, value := range c.sends.Members() {
		got, want := last.Header.Get(name), value.Str()
		if name == "basic" {
			got, want = last.Header.Get("Authorization"), "Basic "+base64.StdEncoding.EncodeToString([]byte(want))
		}
		if got != want {
			c.t.Errorf("%s sends %s %q, want %q", call, name, got, want)
		}
	}
	switch {
	case !sent.Exists():
		if last.Body != "" {
			c.t.Errorf("%s sends a body: %s", call, last.Body)
		}
	case sent.Kind() == jsonx.String:
		if got, want := canonical("? x?"+last.Body), canonical("? x?"+sent.Str()); got != want {
			c.t.Errorf("%s sends the form\n%s\nwant\n%s", call, got, want)
		}
	default:
		got, err := jsonx.ParseString(last.Body)
		if err != nil || !jsonx.Equal(got, sent) {
			c.t.Errorf("%s sends\n%s\nwant\n%s", call, last.Body, sent)
		}
	}
}

// canonical writes a request line so that two are equal when they mean the same:
// the parameters decoded and sorted.
func canonical(line string) string {
	target, query, _ := strings.Cut(line, "?")
	var pairs []string
	for pair := range strings.SplitSeq(query, "&") {
		if decoded, err := url.QueryUnescape(pair); err == nil && pair != "" {
			pairs = append(pairs, decoded)
		}
	}
	sort.Strings(pairs)
	if path, err := url.PathUnescape(target); err == nil && !strings.Contains(target, "%2F") {
		target = path
	}
	return target + "?" + strings.Join(pairs, "&")
}

// plain is a scalar of a file as text: ids and numbers are not quoted there.
func plain(v jsonx.Value) string {
	if v.Kind() == jsonx.String || !v.Exists() {
		return v.Str()
	}
	return v.String()
}
