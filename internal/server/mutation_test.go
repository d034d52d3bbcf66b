package server_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// place is one value within a document.
type place struct {
	path  []string
	value jsonx.Value
}

// places lists every value of a document, itself first.
func places(v jsonx.Value, path ...string) []place {
	list := []place{{path, v}}
	under := func(name string, inner jsonx.Value) {
		list = append(list, places(inner, append(append([]string(nil), path...), name)...)...)
	}
	for i, item := range v.Items() {
		under(strconv.Itoa(i), item)
	}
	for name, member := range v.Members() {
		under(name, member)
	}
	return list
}

// put replaces the value at a path; Missing removes it.
func put(v jsonx.Value, path []string, value jsonx.Value) jsonx.Value {
	if len(path) == 0 {
		return value
	}
	inner := put(v.At(path[0]), path[1:], value)
	if v.Kind() == jsonx.Object {
		if !inner.Exists() {
			return v.Without(path[0])
		}
		return v.With(path[0], inner)
	}
	var items []jsonx.Value
	for i, item := range v.Items() {
		if strconv.Itoa(i) == path[0] {
			item = inner
		}
		if item.Exists() {
			items = append(items, item)
		}
	}
	return jsonx.ArrayValue(items...)
}

// oddTexts are what somebody might write into any text of a definition.
func oddTexts() []string {
	return []string{
		"", " ", "x", "null", "{{a:nope}}", "{{", "{{}}", "{{ }}", "{{a|}}", "{{a?:}}", "{{query.x?:12:30}}", "}}{{", "{{{{a}}}}", "{{/(/}}", "{{/[a/}}", "{{a.-99999999999999999999}}", "{{body:json}}", "{{.}}", "{{context}}", "{{id:undefined}}",
		"(", ")", "$map(", "{'a':", "a ? ", `"`, "`", "/[/", "/(?<x>/", "$x := ", "$$$$", "a..b", "$.a[", "[1..1e9]", "$pad('', 1000000000)", "($f := function($x) { $f($x) + 1 }; $f(1))", "$error('no')", "$undefined()", "{'status': 99999, 'headers': {'a b': 'c\\r\\nd'}}", "{'status': 'x', 'result': $}", "$lookup", "function() {1}", "$millis()", "{'X-A': 'a\\r\\nX-B: c', 'Bad Name': 1}",
		"ftp://x.example", "https://u:p@x.example/", "//x.example", "https://x.example/../y", "https://[::1", "https://x.example:99999", "javascript:alert(1)", `https://x.example\y`, "https://x.example#f", "https://127.0.0.1", "http://169.254.169.254/", "https://x.example?a=1", "https://{{id}}", "{{query.base}}", "file:///etc/passwd", "/..", "/a/%2e%2e/b", "/a\x00b", "http",
		"PAGE", "page ", "cursor\u200b", "bearer,basic", "GET ", "get\r\nX: y", "a\r\nb: c", "é", "\u202e", "\ufeff", "\x7f", "\U0001F600", "-1", "1e999", "true", "__proto__", "constructor.prototype", "..", "a.b.c.d.e.f.g", strings.Repeat(".", 50),
		strings.Repeat("x", 70_000), strings.Repeat("{{a}}", 3000), strings.Repeat("(", 30_000), strings.Repeat("[", 30_000), strings.Repeat("a.", 30_000) + "a", strings.Repeat("a?", 20_000), "/" + strings.Repeat("(a|", 5000) + strings.Repeat(")", 5000) + "/", "{{" + strings.Repeat("a|", 20_000) + "a}}", strings.Repeat("-", 20_000) + "1",
	}
}

// oddValues are JSON texts of the wrong type, or of no sense.
func oddValues() []string {
	deep := strings.Repeat(`{"a":`, 60) + `1` + strings.Repeat(`}`, 60)
	return []string{
		`null`, `true`, `false`, `0`, `-0`, `-1`, `1.5`, `1e400`, `-1e400`, `1e-400`, `9223372036854775808`, `99999999999999999999999999`, `[]`, `{}`, `[[]]`, `[{}]`, `[null]`, `{"a":null}`, `{"format":"x"}`, `{"format":null}`, `{"config":{}}`, `{"steps":[]}`, `{"type":"request"}`,
		deep, strings.Repeat(`[`, 60) + strings.Repeat(`]`, 60), `{"$truto_merge":"{{body:json}}"}`, `{"$truto_merge":["{{context:json}}","{{query:json}}"]}`, `{"$truto_merge":{"$truto_merge":"{{a}}"}}`, `{"a":{"$truto_merge":"{{.:json}}"}}`, `{"$truto_merge":5}`, `{"$ref":"#"}`,
		`{"__proto__":{"polluted":true}}`, `{"":1}`, `{"a b":"c"}`, `{"Host":"evil.example"}`, `{"Transfer-Encoding":"chunked","Content-Length":"5"}`, `{"X-A\r\nX-B":"c"}`, `{"list":{"path":"/x"}}`, `{"list":{"list":{"path":"/x"}}}`,
	}
}

// rawEdits break the text of a request.
func rawEdits() []func(body string, r *rand.Rand) string {
	insert := func(what string) func(string, *rand.Rand) string {
		return func(body string, r *rand.Rand) string {
			at := r.IntN(len(body))
			return body[:at] + what + body[at:]
		}
	}
	return []func(string, *rand.Rand) string{
		func(body string, r *rand.Rand) string { return body[:r.IntN(len(body))] },
		func(body string, r *rand.Rand) string {
			return strings.Replace(body, `"config":{`, `"config":{"label":"1","label":"2",`, 1)
		},
		func(body string, r *rand.Rand) string {
			return strings.Replace(body, `"config":`, `"config":{},"config":`, 1)
		},
		func(body string, r *rand.Rand) string {
			return strings.Replace(body, `"label":"`, `"label":"\u0000`, 1)
		},
		func(body string, r *rand.Rand) string {
			return strings.Replace(body, `"label":"`, `"label":"\ud800`, 1)
		},
		func(body string, r *rand.Rand) string {
			return strings.Replace(body, `"label":"`, "\"label\":\"\xff\xfe", 1)
		},
		func(body string, r *rand.Rand) string {
			return strings.Replace(body, `"config":{`, `"config":{"x":`+strings.Repeat(`[`, 5000)+strings.Repeat(`]`, 5000)+`,`, 1)
		},
		func(body string, _ *rand.Rand) string { return body + body },
		func(body string, _ *rand.Rand) string { return "\ufeff" + body },
		func(body string, _ *rand.Rand) string { return "// comment\n" + body },
		insert("\x00"), insert("'"), insert(","), insert("}"), insert("{"), insert(`"`), insert(`\`), insert("NaN"), insert("\x80"),
	}
}

// mutation is a definition that somebody got wrong.
type mutation struct {
	// what was done to it, and where.
	what string
	at   []string
	// config is the outcome, Missing where only the text of the request is wrong.
	config jsonx.Value
	body   func(name string) string
}

// mutate makes the nth mutation of a definition, the same at every run.
func mutate(config jsonx.Value, n int) mutation {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	whole := func(config jsonx.Value) func(string) string {
		return func(name string) string { return `{"name":"` + name + `","config":` + config.String() + `}` }
	}
	if n%17 == 0 {
		edits := rawEdits()
		edit, seed := edits[n/17%len(edits)], uint64(n)
		return mutation{what: "text edit " + strconv.Itoa(n/17%len(edits)), body: func(name string) string {
			return edit(whole(config)(name), rand.New(rand.NewPCG(11, seed)))
		}}
	}
	all := places(config)
	at := all[1+r.IntN(len(all)-1)]
	m := mutation{}
	switch n % 5 {
	case 0:
		m.what, m.config = "without", put(config, at.path, jsonx.Value{})
	case 1:
		names := []string{"bogus", "__proto__", "$truto_merge", "", "a.b", "{{x}}", "format", "config", "path", "base_url", "a/b", "\u0001", strings.Repeat("k", 2000)}
		name := names[r.IntN(len(names))]
		parent := at.path[:len(at.path)-1]
		m.what = fmt.Sprintf("with %.20q beside", name)
		m.config = config
		if inner := config.At(parent...); inner.Kind() == jsonx.Object {
			m.config = put(config, parent, inner.With(name, jsonx.MustParse(oddValues()[r.IntN(len(oddValues()))])))
		}
	case 2:
		value := oddValues()[r.IntN(len(oddValues()))]
		m.what, m.config = "with "+value, put(config, at.path, jsonx.MustParse(value))
	default:
		texts := texts(all)
		if run := expressions(texts); n%5 == 3 && len(run) > 0 {
			texts = run
		}
		at = texts[r.IntN(len(texts))]
		text := oddTexts()[r.IntN(len(oddTexts()))]
		m.what, m.config = fmt.Sprintf("with %.40q", text), put(config, at.path, jsonx.StringValue(text))
	}
	m.at = at.path
	m.what += fmt.Sprintf(" at %.80s", strings.Join(at.path, "."))
	m.body = whole(m.config)
	return m
}

// texts are the places that hold a text, without those that only people read.
func texts(all []place) []place {
	var list []place
	for _, p := range all {
		switch last := p.path[max(len(p.path)-1, 0):]; {
		case p.value.Kind() != jsonx.String, strings.HasSuffix(last[0], "description"), strings.HasSuffix(last[0], "documentation_url"), strings.HasSuffix(last[0], "help_text"), last[0] == "label":
		default:
			list = append(list, p)
		}
	}
	return list
}

// expressions are the texts that are run.
func expressions(texts []place) []place {
	var list []place
	for _, p := range texts {
		if last := p.path[len(p.path)-1]; strings.HasSuffix(last, "expression") || last == "is_rate_limited" || last == "response_path" {
			list = append(list, p)
		}
	}
	return list
}
