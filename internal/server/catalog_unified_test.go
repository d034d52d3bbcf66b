package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/wire"
)

// TestCatalogMappings drives every mapping of the catalogue through the server, by
// unified calls to a vendor that answers as its documentation says
// (catalog/testdata/unified), and holds the records against the schemas.
func TestCatalogMappings(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for _, model := range catalog.Models() {
		p.call("POST", "/unified-model-catalog/"+model+"/install", "").want(201)
	}
	for _, model := range catalog.Models() {
		for i, integration := range catalog.Mappings(model) {
			if testkit.Race && i > 0 {
				continue // data, which the detector has nothing to say about
			}
			t.Run(model+"/"+integration, func(t *testing.T) {
				t.Parallel()
				m := newMapped(t, p.with(t), model, integration)
				for i, c := range m.cases.Get("cases").Items() {
					if c.Get("next").Exists() {
						continue // its cursor is the vendor's; see catalog/unified_test.go
					}
					t.Run(fmt.Sprintf("%d %s", i+1, c.Get("call").Str()), func(t *testing.T) { m.in(t).run(c) })
				}
			})
		}
	}
}

// mapped is a product with an account that is called by a unified model.
type mapped struct {
	*product
	model   string
	cases   jsonx.Value
	schemas jsonx.Value // of the resources
}

func newMapped(t *testing.T, p *platform, model, integration string) *mapped {
	t.Helper()
	m := &mapped{product: newProduct(t, p, integration), model: model}
	text, err := os.ReadFile(filepath.Join("..", "..", "catalog", "testdata", "unified", model, integration+".yaml"))
	p.must(err)
	m.cases, err = definition.Read(text)
	p.must(err)
	text, _ = catalog.Model(model)
	whole, err := definition.Read(text)
	p.must(err)
	m.schemas = whole.Get("resources")
	sample := m.cases.Get("connect")
	format := sample.Get("format").Str()
	if format == "" {
		format = m.file.Get("connect").Names()[0]
	}
	if context := sample.Get("context"); context.Exists() {
		m.file = m.file.SetAt(jsonx.Overlay(orObject(m.file.At("connect", format, "context")), context), "connect", format, "context")
	}
	m.connect(format)
	return m
}

func orObject(v jsonx.Value) jsonx.Value {
	if v.Exists() {
		return v
	}
	return jsonx.ObjectValue()
}

func (m *mapped) in(t *testing.T) *mapped {
	c := *m
	p := *m.product
	called := *m.called
	called.platform = m.platform.with(t)
	p.called = &called
	c.product = &p
	return &c
}

// run makes the call of a case.
func (m *mapped) run(c jsonx.Value) {
	m.t.Helper()
	resource, method, _ := strings.Cut(c.Get("call").Str(), ".")
	exchanges := c.Get("exchanges").Items()
	if len(exchanges) == 0 && c.Get("request").Exists() {
		exchanges = []jsonx.Value{c}
	}
	m.answersInTurn(exchanges)
	before := m.vendor.count()
	got := m.unified(resource, method, c)
	if asked := m.vendor.count() - before; asked != len(exchanges) {
		m.t.Errorf("the vendor was asked %d times, want %d: %d %s", asked, len(exchanges), got.Status, got.Text)
		return
	}
	for i, e := range exchanges {
		m.askedAt(before+i, c.Get("call").Str(), e)
	}
	m.result(c, resource, method, got)
}

func (m *mapped) unified(resource, method string, c jsonx.Value) *reply {
	m.t.Helper()
	path := "/unified/" + m.model + "/" + resource
	id := plain(c.Get("id"))
	verb := map[string]string{"list": "GET", "get": "GET", "create": "POST", "update": "PATCH", "delete": "DELETE"}[method]
	switch {
	case verb == "":
		verb, path = "POST", path+"/"+method
	case id != "":
		path += "/" + url.PathEscape(id)
	}
	query := orObject(c.Get("query")).With("integrated_account_id", jsonx.StringValue(m.account)).With("truto_ignore_remote_data", jsonx.StringValue("true"))
	body := ""
	if c.Get("body").Exists() {
		body = c.Get("body").String()
	}
	return m.call(verb, path+"?"+wire.StringifyQuery(query, ""), m.local(body))
}

// answersInTurn lets the vendor answer with one response after the other.
func (m *mapped) answersInTurn(exchanges []jsonx.Value) {
	turn := m.vendor.count()
	first := turn
	m.vendor.serves(func(w http.ResponseWriter, _ *http.Request) {
		at := min(m.vendor.count()-first-1, len(exchanges)-1)
		response := jsonx.ObjectValue()
		if at >= 0 {
			response = exchanges[at].Get("response")
		}
		m.write(w, response)
	})
}

func (m *mapped) write(w http.ResponseWriter, response jsonx.Value) {
	body := response.Get("body")
	text := ""
	if body.Exists() {
		text = body.String()
		w.Header().Set("Content-Type", "application/json")
	}
	for name, value := range response.Get("headers").Members() {
		w.Header().Set(name, m.local(plain(value)))
	}
	if body.Kind() == jsonx.String && !strings.Contains(w.Header().Get("Content-Type"), "json") {
		text = body.Str()
	}
	status, ok := response.Get("status").Int()
	if !ok {
		status = http.StatusOK
	}
	w.WriteHeader(int(status))
	_, _ = w.Write([]byte(text))
}

// askedAt holds one request of the vendor's against what it should be.
func (m *mapped) askedAt(i int, call string, e jsonx.Value) {
	m.t.Helper()
	m.vendor.mu.Lock()
	request := m.vendor.requests[i]
	m.vendor.mu.Unlock()
	verb, target, _ := strings.Cut(request.Line, " ")
	if got, want := canonical(verb+" https:/"+target), canonical(e.Get("request").Str()); m.real(got) != want && got != want {
		m.t.Errorf("%s asks for\n%s\nwant\n%s", call, got, want)
	}
	sent := e.Get("sent")
	switch {
	case !sent.Exists():
		if request.Body != "" && request.Body != "{}" && verb == "GET" {
			m.t.Errorf("%s sends a body: %s", call, request.Body)
		}
	case sent.Kind() == jsonx.String:
		if got, want := canonical("? x?"+request.Body), canonical("? x?"+sent.Str()); got != want {
			m.t.Errorf("%s sends the form\n%s\nwant\n%s", call, got, want)
		}
	default:
		got, err := jsonx.ParseString(m.real(request.Body))
		if err != nil || !jsonx.Equal(got, sent) {
			m.t.Errorf("%s sends\n%s\nwant\n%s", call, request.Body, sent)
		}
	}
}

// result holds the answer against what the case expects, and against the schema.
func (m *mapped) result(c jsonx.Value, resource, method string, got *reply) {
	m.t.Helper()
	if want := c.Get("error"); want.Exists() {
		status, _ := want.Get("status").Int()
		if got.Status != int(status) || want.Get("message").Exists() && got.text("message") != want.Get("message").Str() {
			m.t.Errorf("got %d %s, want %s", got.Status, got.Text, want)
		}
		return
	}
	if got.Status > 299 {
		m.t.Errorf("got %d %s", got.Status, got.Text)
		return
	}
	if want := c.Get("result"); want.Kind() == jsonx.String { // a file
		if got.Text != want.Str() {
			m.t.Errorf("got %q, want %q", got.Text, want.Str())
		}
		return
	}
	result, err := jsonx.ParseString(m.real(got.JSON.String()))
	m.must(err)
	if envelope := result.Get("result"); envelope.Exists() && (method == "list" || !m.schemas.At(resource, "schema", "properties", "result").Exists()) {
		result = envelope
	}
	if method == "delete" {
		return
	}
	if want := c.Get("result"); want.Exists() && !jsonx.Equal(result, want) {
		m.t.Errorf("got\n%s\nwant\n%s", result, want)
	}
	m.validates(resource, result)
}

func (m *mapped) validates(resource string, result jsonx.Value) {
	m.t.Helper()
	schema := m.schemas.At(resource, "schema")
	compiler := jsonschema.NewCompiler()
	m.must(compiler.AddResource("schema.json", library(m.t, schema)))
	compiled, err := compiler.Compile("schema.json")
	m.must(err)
	records := result.Items()
	if result.Kind() != jsonx.Array {
		records = []jsonx.Value{result}
	}
	for _, record := range records {
		if record.Kind() != jsonx.Object {
			continue
		}
		if err := compiled.Validate(library(m.t, record)); err != nil {
			m.t.Errorf("%s does not fit the schema: %v", record, err)
		}
	}
}

func library(t testing.TB, v jsonx.Value) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(v.String()))
	if err != nil {
		t.Fatal(err)
	}
	return value
}
