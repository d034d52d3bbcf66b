package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// samples has a value of each JSON type.
var samples = []struct{ kind, text string }{
	{"null", `null`},
	{"boolean", `true`},
	{"integer", `12`},
	{"number", `1.5`},
	{"string", `"text"`},
	{"array", `["x"]`},
	{"object", `{"x":1}`},
}

// brokenTexts are bodies that are no JSON, or JSON that nobody should send.
var brokenTexts = []string{
	`{`, `}`, `{"name"`, `{"name":`, `{"name":"x"`, `{"name":"x"}}`, `{"name":}`, `{name:"x"}`, `{'name':'x'}`, `{"name":"x",}`, `{,}`,
	`{"name":"x" "id":"y"}`, `{"name" "x"}`, `{"name":"x"}{"name":"y"}`, `{"name":"x"}]`, `// c` + "\n" + `{}`, `/* c */{}`, `{"name":"x"} x`,
	`{"name":01}`, `{"name":+1}`, `{"name":1.}`, `{"name":.5}`, `{"name":1e}`, `{"name":0x10}`, `{"name":NaN}`, `{"name":-Infinity}`, `{"name":--1}`,
	`{"name":tru}`, `{"name":nul}`, `{"name":undefined}`, `{"name":True}`, `{"name":None}`,
	`{"name":"a` + "\n" + `b"}`, `{"name":"a` + "\t" + `b"}`, `{"name":"a` + "\x00" + `b"}`, `{"name":"a\x"}`, `{"name":"\u12"}`, `{"name":"\u00zz"}`, `{"name":"`,
	`{"name":"\u0000"}`, `{"name":"\ud800"}`, `{"name":"\udc00\ud800"}`, `{"\u0000":1}`,
	"{\"name\":\"\xff\"}", "{\"name\":\"\xc0\xaf\"}", "{\"name\":\"\xed\xa0\x80\"}", "{\"\xff\":1}", "\xef\xbb\xbf{}", "\xff\xfe{\x00}\x00",
	`{"name":"x","name":"y"}`, `{"name":"x","\u006eame":"y"}`, `{"x":{"a":1,"a":2}}`,
	`[]`, `[{}]`, `"text"`, `12`, `true`, `null`, `name=x&id=y`, `<xml/>`, "--x\r\nContent-Disposition: form-data\r\n",
}

// bomb is a value nested as deep as it says.
func bomb(open, inner, end string, depth int) string {
	return strings.Repeat(open, depth) + inner + strings.Repeat(end, depth)
}

func badBodies(o operation, path string) []badRequest {
	if !o.Body.Exists() {
		return nil
	}
	var all []badRequest
	add := func(body, field string) {
		all = append(all, badRequest{o.Method, path, body, http.StatusBadRequest, field})
	}
	for _, text := range brokenTexts {
		add(text, "")
	}
	add(`{"x":`+bomb("[", "", "]", 3_000)+`}`, "")
	add(bomb(`{"x":`, "1", "}", 3_000), "")
	if o.ID == "createIntegratedAccount" {
		add(bomb("[", "", "", 1_000_000), "") // all share the parser
	}
	add(`{"x":1e400}`, "x")
	add(`{"no such field":1}`, "no such field")
	add(`{"a.b":1}`, "")
	for name, schema := range o.Body.Get("properties").Members() {
		for _, bad := range badValuesOf(schema) {
			add(`{`+quoted(name)+`:`+bad+`}`, name)
		}
		for inner, schema := range schema.Get("properties").Members() {
			for _, bad := range badValuesOf(schema) {
				add(`{`+quoted(name)+`:{`+quoted(inner)+`:`+bad+`}}`, name+"."+inner)
			}
			add(`{`+quoted(name)+`:{"no such field":1}}`, name+".no such field")
		}
		for inner, schema := range schema.At("items", "properties").Members() {
			for _, bad := range badValuesOf(schema) {
				add(`{`+quoted(name)+`:[{`+quoted(inner)+`:`+bad+`}]}`, name+".0."+inner)
			}
		}
		if item := schema.Get("items"); item.Exists() {
			for _, bad := range badValuesOf(item) {
				add(`{`+quoted(name)+`:[`+bad+`]}`, name+".0")
			}
		}
		if free, _ := typeOf(schema); free == "object" && !schema.Get("properties").Exists() {
			add(`{`+quoted(name)+`:{"a":"\u0000"}}`, "")
			add(`{`+quoted(name)+`:{"a":1,"a":2}}`, "")
			add(`{`+quoted(name)+`:`+bomb(`{"a":`, "1", "}", 2_000)+`}`, "")
		}
	}
	return all
}

// badValuesOf returns values that a schema does not let through.
func badValuesOf(schema jsonx.Value) []string {
	kind, nullable := typeOf(schema)
	if kind == "" {
		return nil
	}
	var all []string
	for _, sample := range samples {
		fits := sample.kind == kind || kind == "number" && sample.kind == "integer" || sample.kind == "null" && nullable
		if !fits {
			all = append(all, sample.text)
		}
	}
	switch kind {
	case "string":
		all = append(all, badTexts(schema)...)
	case "integer":
		all = append(all, "1e400", "99999999999999999999", "-99999999999999999999", "1.0000001", "1e-5", `"12"`)
		if low, ok := schema.Get("minimum").Int(); ok {
			all = append(all, fmt.Sprint(low-1))
		}
	case "array":
		if most, ok := schema.Get("maxItems").Int(); ok {
			all = append(all, "["+strings.TrimSuffix(strings.Repeat("null,", int(most)+1), ",")+"]")
		}
		if low, ok := schema.Get("minItems").Int(); ok && low > 0 {
			all = append(all, "[]")
		}
	}
	return all
}

func badTexts(schema jsonx.Value) []string {
	var all []string
	if schema.Get("enum").Exists() {
		all = append(all, `"nonsense"`, `" "`, `"ACTIVE"`, `"{{x}}"`, `"' OR 1=1"`)
	}
	if schema.Get("format").Str() == "uuid" {
		all = append(all, `"nonsense"`, `"01A200A0-0000-7000-8000-000000000000"`, `"01a200a0-0000-7000-8000-00000000000"`, `"{01a200a0-0000-7000-8000-000000000000}"`)
	}
	if low, ok := schema.Get("minLength").Int(); ok && low > 0 {
		all = append(all, `""`)
	}
	if most, ok := schema.Get("maxLength").Int(); ok {
		all = append(all, quoted(strings.Repeat("x", int(most)+1)), quoted(strings.Repeat("é", int(most)+1)))
	}
	return all
}

// minimalBody is a body with all required members of a schema.
func minimalBody(schema jsonx.Value) string {
	body := jsonx.ObjectValue()
	for _, name := range schema.Get("required").Items() {
		body = body.With(name.Str(), exampleOf(schema.At("properties", name.Str())))
	}
	return body.String()
}

// exampleOf is a value that a schema lets through.
func exampleOf(schema jsonx.Value) jsonx.Value {
	if values := schema.Get("enum").Items(); len(values) > 0 {
		return values[0]
	}
	switch kind, _ := typeOf(schema); kind {
	case "string":
		if schema.Get("format").Str() == "uuid" {
			return jsonx.StringValue("01a200a0-0000-7000-8000-000000000000")
		}
		return jsonx.StringValue("example")
	case "integer":
		return jsonx.IntValue(1)
	case "boolean":
		return jsonx.BoolValue(true)
	case "array":
		return jsonx.ArrayValue(exampleOf(schema.Get("items")))
	}
	return jsonx.ObjectValue()
}

// hostileQueries are wrong for every operation, whatever it takes.
func hostileQueries(large bool) []string {
	if large {
		return []string{
			"a" + strings.Repeat("[]", 2000) + "=1", strings.TrimSuffix(strings.Repeat("a[]=1&", 3000), "&"),
			"x=" + strings.Repeat("y", 300<<10), strings.Repeat("p=1&", 5000),
		}
	}
	return []string{
		"a=%zz", "a=%", "%=1", "a=%ff", "a=%00", "%00=1", "%ff=x", "a[b=1", "a]b=1", "a[[b]]=1", "a=1&a[b]=2", "a[b]=1&a=2",
		strings.Repeat("[x]", 40) + "=1", "a" + strings.Repeat("[b]", 40) + "=1",
	}
}

func badQueries(o operation, path string) []badRequest {
	var all []badRequest
	add := func(query, field string) {
		body := ""
		if o.Body.Exists() {
			body = minimalBody(o.Body)
		}
		all = append(all, badRequest{o.Method, path + "?" + query, body, http.StatusBadRequest, field})
	}
	for _, query := range hostileQueries(false) {
		add(query, "")
	}
	if o.ID == "listIntegratedAccounts" || o.ID == "updateTenant" {
		for _, query := range hostileQueries(true) {
			add(query, "")
		}
	}
	if !o.Answer.At("properties", "next_cursor").Exists() || o.noun() == "log" {
		return all
	}
	for _, limit := range []string{"0", "-1", "x", "1.5", "", "1e3", "99999999999999999999", "null"} {
		if limit != "" {
			add("limit="+limit, "limit")
		}
	}
	add("limit[gt]=1", "limit")
	add("next_cursor[x]=1", "next_cursor")
	add("sort_by[created_at]=up", "sort_by[created_at]")
	add("sort_by[nothing]=asc", "sort_by[nothing]")
	for _, parameter := range o.Query {
		name := parameter.Get("name").Str()
		fields := parameter.At("schema", "oneOf").Items()
		if len(fields) == 0 {
			if parameter.At("schema", "enum").Exists() {
				add(name+"=nonsense", name)
			}
			continue
		}
		all = append(all, badFilters(o, path, name, fields[0])...)
	}
	add("or=x", "or")
	add("or[0]=x", "")
	add("or[0][nothing]=x", "")
	add("and[0][nothing]=x", "")
	add(strings.Repeat("or[0]", 1)+strings.Repeat("[or][0]", 20)+"[id]=x", "")
	return all
}

// badFilters are mistakes with one field of a list.
func badFilters(o operation, path, name string, value jsonx.Value) []badRequest {
	var all []badRequest
	add := func(operator, operand string) {
		query := url.QueryEscape(name) + operator + "=" + operand
		all = append(all, badRequest{o.Method, path + "?" + query, "", http.StatusBadRequest, name + strings.TrimSuffix(operator, "[]")})
	}
	for _, operator := range []string{"[$gt]", "[regex]", "[GT]", "[not]", "[between]", "[__proto__]", "[constructor]"} {
		add(operator, "x")
	}
	add("[exists]", "maybe")
	add("[in]", strings.TrimSuffix(strings.Repeat("x,", 10_000), ","))
	kind, _ := typeOf(value)
	var wrong []string
	switch {
	case kind == "boolean":
		wrong = []string{"yes", "2", "x", "%20", "true,false"}
	case kind == "integer":
		wrong = []string{"x", "1.5", "9223372036854775808"}
	case value.Get("format").Str() == "date-time":
		wrong = []string{"yesterday", "2021-13-01", "2021-02-30", "10/08/2021", "now()", "99999-01-01"}
	case value.Get("enum").Exists():
		wrong = []string{"nonsense", "ACTIVE", "%27%20OR%201=1"}
	}
	for _, text := range wrong {
		for _, operator := range []string{"", "[eq]", "[ne]", "[in]", "[nin]"} {
			if !slices.Contains([]string{"[in]", "[nin]"}, operator) || !strings.Contains(text, ",") {
				add(operator, text)
			}
		}
	}
	return all
}
