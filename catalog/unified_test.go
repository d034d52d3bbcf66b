package catalog_test

import (
	"context"
	"fmt"
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
	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/paginate"
	"github.com/sinewhq/sinew/internal/placeholder"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/internal/wire"
)

// engine runs the expressions of all mappings.
var engine = expression.NewEngine()

// mappingFields are the fields of a mapping: whether it holds expressions.
var mappingFields = map[string]bool{
	"resource": false, "method": false, "query": false, "query_schema": false, "body": false, "request_body_schema": false,
	"response_mapping_method": false, "before": false, "after": false, "side_load": false, "file_upload": false,
	"static_response": false, "documentation_link": false,
	"response_mapping": true, "query_mapping": true, "request_body_mapping": true, "path_mapping": true,
	"request_header_mapping": true, "response_header_mapping": true, "error_mapping": true, "is_partial_expression": true,
}

// TestMappings checks every mapping of every model, and runs the cases of its
// file in catalog/testdata/unified: what the vendor is asked, and what its answer
// is mapped to. It needs no server; what takes several requests is left to the
// test that has one.
//
// A file says under connect which format and context of the product's own file an
// account has; without it, the first. A case is a call of the unified API (call,
// id, query, body), the request and the body that it makes (request, sent), what
// the vendor answers (response) and what the caller gets (result, without
// remote_data, or error). Where a call takes several requests, exchanges lists
// them; headers holds what request_header_mapping gives. A method that the vendor is not asked for has a result alone.
func TestMappings(t *testing.T) {
	t.Parallel()
	for _, model := range catalog.Models() {
		for _, integration := range catalog.Mappings(model) {
			t.Run(model+"/"+integration, func(t *testing.T) {
				t.Parallel()
				m := newMapping(t, model, integration)
				m.check()
				for i, c := range m.file.Get("cases").Items() {
					t.Run(fmt.Sprintf("%d %s", i+1, c.Get("call").Str()), func(t *testing.T) { m.in(t).run(c) })
				}
			})
		}
	}
}

// mapping is a mapping file with what it refers to.
type mapping struct {
	*testing.T
	model, resources jsonx.Value
	config           jsonx.Value // of the integration
	file             jsonx.Value // the cases
	context          jsonx.Value // of the account
	outputs          jsonx.Value // of the steps before a call
}

func newMapping(t *testing.T, model, integration string) *mapping {
	t.Helper()
	text, _ := catalog.Mapping(model, integration)
	v := read(t, text)
	if v.Get("model").Str() != model || v.Get("integration").Str() != integration {
		t.Errorf("it calls itself %s of %s", v.Get("integration"), v.Get("model"))
	}
	product, ok := catalog.Text(integration)
	if !ok {
		t.Fatalf("there is no integration %s", integration)
	}
	config, err := definition.ReadConfig(product)
	if err != nil {
		t.Fatal(err)
	}
	m := &mapping{T: t, model: readModel(t, model), resources: v.Get("resources"), config: definition.Effective(config, jsonx.Value{}, jsonx.Value{})}
	m.file = readFile(t, "testdata", "unified", model, integration+".yaml")
	m.context = m.file.At("connect", "context")
	if !m.context.Exists() {
		samples := readFile(t, "testdata", integration+".yaml").Get("connect")
		format := m.file.At("connect", "format").Str()
		if format == "" {
			format = samples.Names()[0]
		}
		m.context = samples.At(format, "context")
	}
	if !m.context.Exists() {
		m.context = jsonx.ObjectValue()
	}
	return m
}

func readFile(t *testing.T, elements ...string) jsonx.Value {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return read(t, text)
}

func (m *mapping) in(t *testing.T) *mapping {
	c := *m
	c.T = t
	return &c
}

// check checks what needs no case.
func (m *mapping) check() {
	m.Helper()
	called := map[string]bool{}
	asked := map[string]bool{}
	for _, c := range m.file.Get("cases").Items() {
		call := c.Get("call").Str()
		called[call] = true
		for name := range c.Get("query").Members() {
			asked[call+"?"+name] = true
		}
	}
	for resource, methods := range m.resources.Members() {
		offered := texts(m.model.At("resources", resource, "methods"))
		for name, method := range methods.Members() {
			call := resource + "." + name
			if !slices.Contains(offered, name) {
				m.Errorf("%s: the model has no such method", call)
			}
			if !called[call] {
				m.Errorf("%s: there is no case", call)
			}
			for parameter := range method.At("query_schema", "properties").Members() {
				if name == "list" && !asked[call+"?"+parameter] {
					m.Errorf("%s: there is no case for %s", call, parameter)
				}
			}
			m.checkMethod(call, resource, name, method)
		}
	}
	for call := range called {
		resource, name, _ := strings.Cut(call, ".")
		if !m.resources.At(resource, name).Exists() {
			m.Errorf("%s: there is a case, and no mapping", call)
		}
	}
}

func (m *mapping) checkMethod(call, resource, name string, method jsonx.Value) {
	m.Helper()
	for field, v := range method.Members() {
		isExpression, known := mappingFields[field]
		switch {
		case !known:
			m.Errorf("%s: there is no field %s", call, field)
		case isExpression:
			m.checkExpressions(call+"."+field, v)
		}
	}
	if method.Get("static_response").Exists() {
		return
	}
	for _, r := range choices(method.Get("resource"), "resources", resource) {
		for _, n := range choices(method.Get("method"), "methods", name) {
			if _, err := definition.FindMethod(m.config, r, n); err != nil {
				m.Errorf("%s: %v", call, err)
			}
		}
	}
	if name == "list" || name == "get" {
		properties := m.model.At("resources", resource, "schema", "properties")
		for member := range method.Get("response_mapping").Members() {
			if !properties.Get(member).Exists() {
				m.Errorf("%s: the schema has no %s", call, member)
			}
		}
	}
}

// choices are the methods or resources of the proxy that a mapping may call.
func choices(v jsonx.Value, list, otherwise string) []string {
	switch {
	case v.Kind() == jsonx.Object:
		return texts(v.Get(list))
	case v.Exists():
		return []string{v.Str()}
	}
	return []string{otherwise}
}

func texts(v jsonx.Value) (all []string) {
	for _, item := range v.Items() {
		all = append(all, item.Str())
	}
	return all
}

func (m *mapping) checkExpressions(at string, v jsonx.Value) {
	m.Helper()
	if v.Kind() == jsonx.String {
		if err := expression.Check(v.Str()); err != nil {
			m.Errorf("%s: %v", at, err)
		}
	}
	for name, member := range v.Members() {
		m.checkExpressions(at+"."+name, member)
	}
}

// run runs one case as far as that takes one request.
func (m *mapping) run(c jsonx.Value) {
	m.Helper()
	resource, name, _ := strings.Cut(c.Get("call").Str(), ".")
	method := m.resources.At(resource, name)
	if slices.ContainsFunc([]string{"static_response", "after", "side_load"}, func(field string) bool { return method.Get(field).Exists() }) {
		m.validate(resource, c.Get("result"))
		return
	}
	c, more := m.before(c, method.Get("before"))
	proxied := m.ask(c, resource, name, method)
	if c.Get("error").Exists() || more || name == "delete" || !method.Get("response_mapping").Exists() {
		return
	}
	payload := m.payload(proxied, c.At("response", "body"))
	got := plainRecords(m.mapped(method, name, payload, func(v jsonx.Value) *expression.Input { return m.input(c).Value("response", v) }))
	if want := c.Get("result"); !jsonx.Equal(got, want) {
		m.Errorf("got\n%s\nwant\n%s", got, want)
	}
	m.validate(resource, c.Get("result"))
}

// input is what expressions see of a case beside the record.
func (m *mapping) input(c jsonx.Value) *expression.Input {
	headers := jsonx.ObjectValue()
	for name, value := range c.At("response", "headers").Members() {
		headers = headers.With(strings.ToLower(name), value)
	}
	return new(expression.Input).Value("response_body", c.At("response", "body")).Value("headers", headers).Value("status", c.At("response", "status")).
		Value("query", or(c.Get("query").Without("limit"), jsonx.ObjectValue())).Value("body", c.Get("body")).
		Value("context", m.context).Value("id", idOf(c)).Value("before", m.outputs)
}

// before makes the requests before the one that counts. It returns the case with
// the request that does, and whether others follow it.
func (m *mapping) before(c, steps jsonx.Value) (counts jsonx.Value, more bool) {
	m.Helper()
	exchanges := c.Get("exchanges").Items()
	m.outputs = jsonx.ObjectValue()
	for _, step := range steps.Items() {
		in, name := m.input(c), step.Get("name").Str()
		if condition := step.Get("run_if"); condition.Exists() && m.eval(jsonx.StringValue("$boolean("+condition.Str()+")"), in).String() != "true" {
			continue
		}
		config := step.Get("config")
		if config.Kind() == jsonx.Object && step.Get("type").Str() == "request" {
			template, err := placeholder.Compile(config)
			if err != nil {
				m.Fatal(err)
			}
			config, _ = template.Render(m.context.With("id", idOf(c)).With("query", or(c.Get("query"), jsonx.ObjectValue())).With("body", or(c.Get("body"), jsonx.ObjectValue())))
		} else {
			config = m.eval(config, in)
		}
		if step.Get("type").Str() == "transform" {
			m.outputs = m.outputs.With(name, config)
			continue
		}
		if len(exchanges) == 0 {
			m.Fatalf("there is no exchange for the step %s", name)
		}
		proxied, err := definition.FindMethod(m.config, config.Get("resource").Str(), config.Get("method").Str())
		if err != nil {
			m.Fatal(err)
		}
		m.asked(exchanges[0], proxied, &proxyCall{query: or(config.Get("query"), jsonx.ObjectValue()), body: config.Get("body"), id: config.Get("id")}, "")
		m.outputs = m.outputs.With(name, m.payload(proxied, exchanges[0].At("response", "body")))
		exchanges = exchanges[1:]
	}
	if len(exchanges) > 0 {
		for name, value := range exchanges[0].Members() {
			c = c.With(name, value)
		}
	}
	return c, len(exchanges) > 1
}

// ask makes the request of a case, holds it against the one that is wanted, and
// returns the method of the proxy that makes it.
func (m *mapping) ask(c jsonx.Value, resource, name string, method jsonx.Value) definition.Method {
	m.Helper()
	in := m.input(c)
	proxied, err := definition.FindMethod(m.config, m.choose(method.Get("resource"), "resources", resource, in), m.choose(method.Get("method"), "methods", name, in))
	if err != nil {
		m.Fatal(err)
	}
	limit, _ := c.At("query", "limit").Int()
	call := &proxyCall{
		query: jsonx.Overlay(or(method.Get("query"), jsonx.ObjectValue()), or(m.eval(method.Get("query_mapping"), in), jsonx.ObjectValue())),
		body:  jsonx.Overlay(method.Get("body"), or(m.eval(method.Get("request_body_mapping"), in), method.Get("body"))),
		id:    idOf(c),
		limit: int(limit),
	}
	if got, want := m.eval(method.Get("request_header_mapping"), in), c.Get("headers"); want.Exists() && !jsonx.Equal(got, want) {
		m.Errorf("the vendor is sent the headers\n%s\nwant\n%s", got, want)
	}
	m.asked(c, proxied, call, m.eval(method.Get("path_mapping"), in).Str())
	return proxied
}

// choose evaluates which method or resource of the proxy a mapping calls.
func (m *mapping) choose(v jsonx.Value, list, otherwise string, in *expression.Input) string {
	m.Helper()
	if v.Kind() != jsonx.Object {
		return choices(v, list, otherwise)[0]
	}
	chosen := m.eval(v.Get("expression"), in).Str()
	if !slices.Contains(texts(v.Get(list)), chosen) {
		m.Errorf("%q is none of the %s", chosen, list)
	}
	return chosen
}

// plainRecords are records without remote_data, which is the engine's but in
// mappings that see a whole page.
func plainRecords(v jsonx.Value) jsonx.Value {
	if v.Kind() != jsonx.Array {
		return or(v, jsonx.ObjectValue()).Without("remote_data")
	}
	var records []jsonx.Value
	for _, record := range v.Items() {
		records = append(records, record.Without("remote_data"))
	}
	return jsonx.ArrayValue(records...)
}

func idOf(c jsonx.Value) jsonx.Value {
	id := c.Get("id")
	if id.Exists() && id.Kind() != jsonx.String {
		return jsonx.StringValue(id.String())
	}
	return id
}

func or(v, otherwise jsonx.Value) jsonx.Value {
	if v.Exists() {
		return v
	}
	return otherwise
}

// eval evaluates a mapping: an expression, or an object of them.
func (m *mapping) eval(v jsonx.Value, in *expression.Input) jsonx.Value {
	m.Helper()
	got, err := m.tryEval(v, in)
	if err != nil {
		m.Fatal(err)
	}
	return got
}

func (m *mapping) tryEval(v jsonx.Value, in *expression.Input) (jsonx.Value, error) {
	switch v.Kind() {
	case jsonx.String:
		x, err := engine.Compile(v.Str())
		if err != nil {
			return jsonx.Value{}, fmt.Errorf("%s: %w", v, err)
		}
		got, err := x.Value(context.Background(), in)
		if err != nil {
			return jsonx.Value{}, fmt.Errorf("%s: %w", v, err)
		}
		return got, nil
	case jsonx.Object:
		b := jsonx.NewBuilder(v.Len())
		for name, member := range v.Members() {
			got, err := m.tryEval(member, in)
			if err != nil {
				return jsonx.Value{}, err
			}
			if member.Kind() == jsonx.Object && got.Len() == 0 {
				continue
			}
			b.Set(name, got)
		}
		return b.Value(), nil
	}
	return v, nil
}

// payload is what the response_path of a method leads to.
func (m *mapping) payload(method definition.Method, body jsonx.Value) jsonx.Value {
	m.Helper()
	if method.ResponsePath == "" {
		return body
	}
	if names, ok := definition.DottedPath(method.ResponsePath); ok {
		return body.At(names...)
	}
	return m.eval(jsonx.StringValue(method.ResponsePath), new(expression.Input).Whole(body.Bytes()))
}

// mapped is the result of a method for a payload.
func (m *mapping) mapped(method jsonx.Value, name string, payload jsonx.Value, in func(jsonx.Value) *expression.Input) jsonx.Value {
	m.Helper()
	v := method.Get("response_mapping")
	if name == "list" && !payload.Exists() {
		return jsonx.ArrayValue() // some vendors leave an empty list out
	}
	each := payload.Kind() == jsonx.Array
	switch method.Get("response_mapping_method").Str() {
	case "array":
		each = false
	case "item":
		each = true
	}
	if !each {
		got := m.eval(v, in(payload))
		if name == "list" && got.Kind() != jsonx.Array {
			got = jsonx.ArrayValue(got)
		}
		return got
	}
	var records []jsonx.Value
	for _, item := range payload.Items() {
		if got := m.eval(v, in(item)); got.Exists() && !got.IsNull() {
			records = append(records, got)
		}
	}
	return jsonx.ArrayValue(records...)
}

// validate holds a result against the schema of its resource.
func (m *mapping) validate(resource string, result jsonx.Value) {
	m.Helper()
	schema := closed(m.model.At("resources", resource, "schema"))
	records := []jsonx.Value{result}
	if result.Kind() == jsonx.Array {
		records = result.Items()
	}
	for _, record := range records {
		if !record.Exists() {
			continue
		}
		if err := compileSchema(m.T, schema).Validate(libraryValue(m.T, record)); err != nil {
			m.Errorf("%s\n%v", record, err)
		}
	}
}

// proxyCall is what a mapping asks of the proxy.
type proxyCall struct {
	query, body, id jsonx.Value
	limit           int
}

// asked holds the request that a call makes against the one of the case.
func (m *mapping) asked(c jsonx.Value, method definition.Method, call *proxyCall, path string) {
	m.Helper()
	if path != "" {
		method.Path = path
	}
	plan, err := method.Compile()
	if err != nil {
		m.Fatal(err)
	}
	scope := m.context.With("query", call.query).With("body", call.body)
	if call.id.Exists() {
		scope = scope.With("id", call.id)
	}
	paging, err := paginate.New(&plan.Method, engine)
	if err != nil {
		m.Fatal(err)
	}
	place := paginate.Place{Limit: call.limit}
	if paging != nil {
		values, err := paging.Values(context.Background(), place, call.query, new(expression.Input))
		if err != nil {
			m.Fatal(err)
		}
		scope = scope.With("pagination", values)
	}
	target, err := plan.URL.Render(scope)
	if err != nil {
		m.Fatal(err)
	}
	fixed, _ := plan.QueryTo.Render(scope)
	forwarded := call.query
	for _, path := range append(slices.Clone(plan.Consumed), plan.ConsumedByBody...) {
		forwarded = without(forwarded, path)
	}
	request := &paginate.Request{URL: target, Query: jsonx.Overlay(fixed, forwarded), Body: call.body, Header: http.Header{}, Scope: scope}
	if plan.BodyTo != nil {
		request.Body, _ = plan.BodyTo.Render(scope)
	}
	if plan.BodyIsNull {
		request.Body = jsonx.MustParse("null")
	}
	if plan.AddQueryToBody && plan.Verb != http.MethodGet {
		request.Query, request.Body = fixed, jsonx.Overlay(or(request.Body, jsonx.ObjectValue()), forwarded)
	}
	if paging != nil {
		if err := paging.Prepare(context.Background(), place, request); err != nil {
			m.Fatal(err)
		}
	}
	line := plan.Verb + " " + request.URL
	if query := wire.StringifyQuery(request.Query, plan.QueryArrays); query != "" {
		line += map[bool]string{false: "?", true: "&"}[strings.Contains(line, "?")] + query
	}
	if got, want := canonical(line), canonical(c.Get("request").Str()); got != want {
		m.Errorf("the vendor is asked for\n%s\nwant\n%s", got, want)
	}
	if plan.Verb == http.MethodGet || plan.IgnoreBody || plan.BodyFormat == "multipart" {
		return
	}
	if want := c.Get("sent"); (want.Exists() || request.Body.Exists()) && !jsonx.Equal(request.Body, want) {
		m.Errorf("the vendor is sent\n%s\nwant\n%s", request.Body, want)
	}
}

func without(v jsonx.Value, path []string) jsonx.Value {
	if len(path) == 1 {
		return v.Without(path[0])
	}
	inner := v.Get(path[0])
	if inner.Kind() != jsonx.Object {
		return v
	}
	if inner = without(inner, path[1:]); inner.Len() == 0 {
		return v.Without(path[0])
	}
	return v.With(path[0], inner)
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

// TestMappingsOfIncompleteRecords maps the records of the cases with each of their
// members left out, and with each of them null: vendors leave out what an account
// has no right to see, and what the customer never filled in is null. No mapping
// may fail on that, nor yield what its schema does not allow.
func TestMappingsOfIncompleteRecords(t *testing.T) {
	t.Parallel()
	for _, model := range catalog.Models() {
		for i, integration := range catalog.Mappings(model) {
			if testkit.Race && i > 0 {
				continue // data, which the detector has nothing to say about
			}
			t.Run(model+"/"+integration, func(t *testing.T) {
				t.Parallel()
				m := newMapping(t, model, integration)
				for _, c := range m.file.Get("cases").Items() {
					m.incomplete(c)
				}
			})
		}
	}
}

// incomplete maps the record of a case, or the first one, without each of its
// members.
func (m *mapping) incomplete(c jsonx.Value) {
	m.Helper()
	resource, name, _ := strings.Cut(c.Get("call").Str(), ".")
	method := m.resources.At(resource, name)
	v := method.Get("response_mapping")
	if name == "delete" || !v.Exists() || c.Get("error").Exists() || c.Get("exchanges").Exists() || method.Get("side_load").Exists() || method.Get("before").Exists() {
		return
	}
	in := m.input(c)
	proxied, err := definition.FindMethod(m.config, m.choose(method.Get("resource"), "resources", resource, in), m.choose(method.Get("method"), "methods", name, in))
	if err != nil {
		m.Fatal(err)
	}
	record := m.payload(proxied, c.At("response", "body"))
	page := method.Get("response_mapping_method").Str() == "array"
	if record.Kind() == jsonx.Array {
		record = record.At("0")
	}
	schema := compileSchema(m.T, closed(m.model.At("resources", resource, "schema")).Without("required"))
	for _, path := range paths(nil, record) {
		for _, value := range []jsonx.Value{{}, jsonx.NullValue()} {
			changed := record.SetAt(value, path...)
			if page {
				changed = jsonx.ArrayValue(changed)
			}
			got, err := m.tryEval(v, m.input(c).Value("response", changed))
			if err != nil {
				m.Errorf("%s without %s: %v", c.Get("call"), strings.Join(path, "."), err)
				continue
			}
			results := []jsonx.Value{got}
			if got.Kind() == jsonx.Array {
				results = got.Items()
			}
			for _, result := range results {
				if result.IsNull() || !result.Exists() || result.Get("id").Kind() != jsonx.String {
					continue
				}
				if err := schema.Validate(libraryValue(m.T, result)); err != nil {
					m.Errorf("%s with %s %s: %v", c.Get("call"), strings.Join(path, "."), value.Kind(), err)
				}
			}
		}
	}
}

// paths are the places of the members of an object, and of those within it, that
// may be absent.
func paths(at []string, v jsonx.Value) (all [][]string) {
	if v.Kind() != jsonx.Object {
		return nil
	}
	for name, member := range v.Members() {
		path := append(slices.Clone(at), name)
		if !slices.Contains(identifiers, name) {
			all = append(all, path)
		}
		all = append(all, paths(path, member)...)
	}
	return all
}

// identifiers are members that an object of a vendor is never without.
var identifiers = []string{"id", "Id", "uuid", "accountId"}
