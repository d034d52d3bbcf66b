package server_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// operation is one operation as the API document describes it, with the access
// that the router gives it.
type operation struct {
	Method string
	Path   string
	ID     string
	// Parameters are the names in the path.
	Parameters []string
	// Query holds the parameter objects of the query.
	Query []jsonx.Value
	// Body and Answer are schemas with references resolved; Missing when there
	// is none.
	Body   jsonx.Value
	Answer jsonx.Value
	Access httpapi.Access
	// Alternative says that ?view=summary shows another form.
	Alternative bool
	// SessionOnly says that no token may call it.
	SessionOnly bool
}

func (o operation) String() string { return o.Method + " " + o.Path }

// noun is the first segment of the path.
func (o operation) noun() string {
	noun, _, _ := strings.Cut(strings.TrimPrefix(o.Path, "/"), "/")
	return noun
}

// operations reads the API document that the server serves.
func (p *platform) operations() []operation {
	p.t.Helper()
	document := p.get("/openapi.json").want(200).JSON
	access := map[string]httpapi.Access{}
	for _, o := range p.server.API.Operations() {
		access[o.ID] = o.Access
	}
	var all []operation
	for path, item := range document.Get("paths").Members() {
		for method, described := range item.Members() {
			all = append(all, readOperation(p.t, document, strings.ToUpper(method), path, described, access))
		}
	}
	if len(all) < 40 {
		p.t.Fatalf("the document has %d operations; is it the right one?", len(all))
	}
	return all
}

func readOperation(t testing.TB, document jsonx.Value, method, path string, described jsonx.Value, access map[string]httpapi.Access) operation {
	t.Helper()
	o := operation{Method: method, Path: path, ID: described.Get("operationId").Str()}
	level, ok := access[o.ID]
	if !ok {
		t.Fatalf("%s is in the document and not in the router", o)
	}
	o.Access = level
	o.SessionOnly = strings.HasPrefix(described.Get("description").Str(), "No token may do this")
	for _, parameter := range described.Get("parameters").Items() {
		if parameter.Get("in").Str() == "path" {
			o.Parameters = append(o.Parameters, parameter.Get("name").Str())
		} else {
			o.Query = append(o.Query, parameter)
			o.Alternative = o.Alternative || parameter.Get("name").Str() == "view"
		}
	}
	o.Body = resolve(document, described.At("requestBody", "content", "application/json", "schema"))
	for status, answer := range described.Get("responses").Members() {
		if strings.HasPrefix(status, "2") {
			o.Answer = resolve(document, answer.At("content", "application/json", "schema"))
		}
	}
	return o
}

// resolve follows the references of a schema, three levels down, where the
// schemas of answers embed each other.
func resolve(document, schema jsonx.Value) jsonx.Value { return resolveTo(document, schema, 3) }

func resolveTo(document, schema jsonx.Value, depth int) jsonx.Value {
	if name, ok := strings.CutPrefix(schema.Get("$ref").Str(), "#/components/schemas/"); ok {
		schema = document.At("components", "schemas", name)
	}
	if depth == 0 || schema.Kind() != jsonx.Object {
		return schema
	}
	if inner := schema.Get("items"); inner.Exists() {
		schema = schema.With("items", resolveTo(document, inner, depth-1))
	}
	properties := schema.Get("properties")
	for name, inner := range properties.Members() {
		properties = properties.With(name, resolveTo(document, inner, depth-1))
	}
	if properties.Exists() {
		schema = schema.With("properties", properties)
	}
	return schema
}

// fill puts ids into the parameters of the path, in order.
func (o operation) fill(ids ...string) string {
	path := o.Path
	for i, name := range o.Parameters {
		path = strings.Replace(path, "{"+name+"}", ids[min(i, len(ids)-1)], 1)
	}
	return path
}

// typeOf returns the type that a schema names, and whether it takes null.
func typeOf(schema jsonx.Value) (name string, nullable bool) {
	kinds := schema.Get("type")
	if kinds.Kind() == jsonx.String {
		return kinds.Str(), false
	}
	var names []string
	for _, kind := range kinds.Items() {
		names = append(names, kind.Str())
	}
	nullable = slices.Contains(names, "null")
	for _, one := range names {
		if one != "null" {
			return one, nullable
		}
	}
	if schema.Get("properties").Exists() {
		return "object", nullable
	}
	return "", nullable
}

// callsVendor reports whether the operation's path is about a vendor's records,
// whose ids are not ours.
func (o operation) callsVendor() bool {
	return o.noun() == "proxy" || o.noun() == "custom" || o.noun() == "unified"
}

// takesDeliveries reports whether the operation is an address that vendors deliver to,
// for whom all ids are alike.
func (o operation) takesDeliveries() bool {
	return o.noun() == "integrated-account-webhook" || o.noun() == "environment-integration-webhook"
}

// sharedByAll reports whether the operation is about what comes with the program
// and belongs to everybody.
func (o operation) sharedByAll() bool {
	return o.noun() == "category" || strings.HasSuffix(o.noun(), "catalog")
}

// listsRows reports whether the operation lists rows that have ids, and asks for
// nothing to do so.
func (o operation) listsRows() bool {
	return o.Method == "GET" && len(o.Parameters) == 0 && o.Answer.At("properties", "result").Exists() && o.noun() != "log" && o.noun() != "documentation" && !strings.HasSuffix(o.noun(), "catalog")
}
