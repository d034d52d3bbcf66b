package mapping_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

func TestCheckNamesThePlace(t *testing.T) {
	t.Parallel()
	for config, want := range map[string][]string{
		`[]`:                                                          {"config type"},
		`{"respons_mapping":"a"}`:                                     {"config.respons_mapping unknown_field"},
		`{"response_mapping":"{"}`:                                    {"config.response_mapping expression"},
		`{"response_mapping":1}`:                                      {"config.response_mapping type"},
		`{"response_mapping":{"a":{"b":"$("}}}`:                       {"config.response_mapping.a.b expression"},
		`{"response_mapping_method":"page"}`:                          {"config.response_mapping_method enum"},
		`{"query":[]}`:                                                {"config.query type"},
		`{"query":{"a":"{{x:nope}}"}}`:                                {"config.query placeholder"},
		`{"path_mapping":{"a":"b"}}`:                                  {"config.path_mapping type"},
		`{"resource":""}`:                                             {"config.resource required"},
		`{"resource":{"expression":"a"}}`:                             {"config.resource.resources required"},
		`{"resource":{"resources":["a"],"x":1}}`:                      {"config.resource.x unknown_field", "config.resource.expression required"},
		`{"method":{"expression":"$("}}`:                              {"config.method.expression expression"},
		`{"method":{"expression":"a","methods":[1]}}`:                 {"config.method.methods[0] type"},
		`{"before":{}}`:                                               {"config.before type"},
		`{"before":[1]}`:                                              {"config.before[0] type"},
		`{"before":[{"type":"wait","config":"a"}]}`:                   {"config.before[0].type enum"},
		`{"before":[{"config":"a"}]}`:                                 {"config.before[0].type required"},
		`{"before":[{"type":"request"}]}`:                             {"config.before[0].config required"},
		`{"before":[{"type":"request","config":{"path":"/a"}}]}`:      {"config.before[0].config.path unknown_field", "config.before[0].config.resource required", "config.before[0].config.method required"},
		`{"after":[{"type":"transform","config":"$(","run_if":"("}]}`: {"config.after[0].run_if expression", "config.after[0].config expression"},
		`{"side_load":{"a":{}}}`:                                      {"config.side_load.a.response_mapping required"},
		`{"side_load":{"a":{"resource":"x","response_mapping":"("}}}`: {"config.side_load.a.response_mapping expression", "config.side_load.a required"},
		`{"file_upload":{"rename":{"a":1},"x":1}}`:                    {"config.file_upload.rename.a type", "config.file_upload.x unknown_field"},
		`{"documentation_link":1}`:                                    {"config.documentation_link type"},
		`{"query_schema":"x"}`:                                        {"config.query_schema type"},
		`{"static_response":[1],"response_mapping":{"a":null,"b":1,"c":[1]},"query":null}`: nil,
		`{"response_mapping":{"id":"$string(response.id)","owner":{"id":"response.o"}}}`:   nil,
	} {
		var got []string
		for _, f := range mapping.Check(jsonx.MustParse(config), "config") {
			got = append(got, f.Path+" "+f.Code)
			if f.Message == "" {
				t.Errorf("%s: %s says nothing", config, f.Path)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", config, diff)
		}
	}
}

func TestSourceOfAnObject(t *testing.T) {
	t.Parallel()
	for v, want := range map[string]string{
		`"a.b"`:                                  `a.b`,
		`{"a":"x ? y : z","b":1}`:                `{"a": (x ? y : z), "b": 1}`,
		`{"a":{"b":"c"},"d":null}`:               "{\"a\": {\"b\": (c)}[$exists(`b`)]}",
		`{"a":{"b":"c","d":{"e":"f"},"g":null}}`: "{\"a\": {\"b\": (c), \"d\": {\"e\": (f)}[$exists(`e`)]}[$exists(`b`) or $exists(`d`)]}",
		`{"a":{"b":"c","n":1}}`:                  `{"a": {"b": (c), "n": 1}}`,
		`{"a":{}}`:                               `{"a": {}[false]}`,
		"{\"a\":{\"b`\":\"c\"}}":                 "{\"a\": {\"b`\": (c)}[$boolean($)]}",
		`{"a \"q\"":"x","l":[1,"t"]}`:            `{"a \"q\"": (x), "l": [1,"t"]}`,
		`null`:                                   ``,
		`{}`:                                     `{}`,
	} {
		if got := mapping.Source(jsonx.MustParse(v)); got != want {
			t.Errorf("%s: got %s, want %s", v, got, want)
		}
	}
}

func TestEffectiveMergesLayers(t *testing.T) {
	t.Parallel()
	layers := func(base, environment, account string) []mapping.Layered {
		read := func(text string) jsonx.Value {
			if text == "" {
				return jsonx.Value{}
			}
			return jsonx.MustParse(text)
		}
		return []mapping.Layered{{mapping.LayerBase, read(base)}, {mapping.LayerEnvironment, read(environment)}, {mapping.LayerAccount, read(account)}}
	}
	for _, c := range []struct {
		base, environment, account, want string
		removed                          bool
	}{
		{base: `{"query":{"a":1,"b":[1]}}`, environment: `{"query":{"b":[2],"c":3}}`, want: `{"query":{"a":1,"b":[2],"c":3}}`},
		{base: `{"response_mapping":{"a":"x","b":"y"}}`, environment: `{"response_mapping":{"b":null,"c":"z"}}`, want: `{"response_mapping":{"a":"x","c":"z"}}`},
		{base: `{"response_mapping":"x"}`, environment: `{"response_mapping":{"a":"y"}}`, want: `{"response_mapping":{"a":"y"}}`},
		{base: `{"response_mapping":"x"}`, account: `{"response_mapping":"y","resource":"r"}`, want: `{"response_mapping":"x","resource":"r"}`},
		{base: `{"resource":"x"}`, account: `null`, removed: true},
		{base: `null`, environment: `{"resource":"x"}`, want: `{"resource":"x"}`},
		{},
	} {
		all := layers(c.base, c.environment, c.account)
		got, removed := mapping.Effective(all)
		want := jsonx.Value{}
		if c.want != "" {
			want = jsonx.MustParse(c.want)
		}
		if !jsonx.Equal(got, want) || removed != c.removed {
			t.Errorf("%+v: got %s, %v", c, got, removed)
		}
	}
	all := layers(`{"query":{"a":1}}`, `{"query":{"b":1}}`, `{"response_mapping":"y"}`)
	if got := mapping.Origin(all, "query", "a") + mapping.Origin(all, "query", "b") + mapping.Origin(all, "query", "c"); got != "baseenvironment" {
		t.Errorf("origins: %s", got)
	}
	if got := mapping.AccountMapping(all).Str(); got != "y" {
		t.Errorf("the account's mapping: %s", got)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	var got []string
	for _, c := range mapping.Diff(jsonx.MustParse(`{"a":{"b":1,"c":2},"d":[1]}`), jsonx.MustParse(`{"a":{"b":1,"e":3},"d":[2]}`)) {
		got = append(got, c.Op+" "+c.Path+" "+c.From.String()+" "+c.To.String())
	}
	want := []string{"removed a.c 2 null", "added a.e null 3", "changed d [1] [2]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestMergedObjectsCompile holds what an object of expressions is written as against
// the parser, whatever the expressions are made of.
func TestMergedObjectsCompile(t *testing.T) {
	t.Parallel()
	for _, source := range []string{`a /* why */`, `"text with } and )"`, `$map(a, function($v) { $v.b })`, "a.`odd-name`", `a ? b`, `($x := a; $x)`, `a[0]`} {
		config := jsonx.ObjectValue(jsonx.Member{Name: "response_mapping", Value: jsonx.ObjectValue(
			jsonx.Member{Name: "one", Value: jsonx.StringValue(source)}, jsonx.Member{Name: "two", Value: jsonx.StringValue("b")})})
		if failures := mapping.Check(config, ""); failures != nil {
			t.Errorf("%s: %v", source, failures)
		}
		whole := jsonx.ObjectValue(jsonx.Member{Name: "response_mapping", Value: jsonx.StringValue(mapping.Source(config.Get("response_mapping")))})
		if failures := mapping.Check(whole, ""); failures != nil {
			t.Errorf("%s as a member: %v", source, failures)
		}
	}
}
