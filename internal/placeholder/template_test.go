package placeholder_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/placeholder"
	"pgregory.net/rapid"
)

// data is what the templates of the tests are rendered over.
func data() jsonx.Value {
	return jsonx.MustParse(`{
		"a":"1","b":"B","n":1,"f":1.5,"t":true,"z":null,"e":"","ws":"  ","s":" x ",
		"num":" 12abc","nan":"zz","tr":"true","fl":"false","Tr":"True","tru":" true ","nulls":"null","nul2":" null ",
		"big":"12345678901234567890","bigNum":12345678901234567890,"exp":"1e3","expNum":1e3,"hex":"0x1f","neg":"-5.5",
		"plus":"+5","dot":".5","five":"5.","inf":"Infinity","ff":2.50,"date":"d",
		"o":{"k":"v","d":{"e":1}},"eo":{},"arr":[1,[2,3],{"x":1}],"an":[1,null,"x"],"empt":[],
		"items":[{"id":"i0"},{"id":"i1"}],"js":"{\"p\":1}","jsa":" [1] ","bad":"{",
		"k-v":2,"a?b":3,"a:":9,"1":"one","":{"":"dbl","y":"empty root"},"/x":5,"str0":"abc",
		"deep":{"name_1":"r1","name_2":"r2","other":3},"dup":{"abc":1,"ab":2},"d1":{},"d2":{"in":7},
		"ph":"{{b}}","amp":"$& $1 $$","mx":{"0":"zero"}
	}`)
}

// The expectations were observed at the engine that definitions were written
// for, but for those under TestDifferences.
func TestRenderText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ template, want string }{
		// What is a placeholder.
		{`no braces`, `"no braces"`},
		{``, `""`},
		{`{{}}`, `"{{}}"`},
		{`{{a}`, `"{{a}"`},
		{`{a}}`, `"{a}}"`},
		{`{{a`, `"{{a"`},
		{`{{{a}}}`, `"{1}"`},
		{`{{{{a}}}}`, `"{{1}}"`},
		{`{{items[0]}}`, `"{{items[0]}}"`},
		{`{{items.*.id}}`, `"{{items.*.id}}"`},
		{`{{$a}}`, `"{{$a}}"`},
		{`{{a+b}}`, `"{{a+b}}"`},
		{`{{"a"}}`, `"{{\"a\"}}"`},
		{`{{a,b}}`, `"{{a,b}}"`},
		{`{{a=b}}`, `"{{a=b}}"`},
		{`{{a@b}}`, `"{{a@b}}"`},
		{`{{(a)}}`, `"{{(a)}}"`},
		{`{{é}}`, `"{{é}}"`},
		{`query { x }}`, `"query { x }}"`},
		{`{{ a }}`, `"1"`},
		{"{{\na\t}}", `"1"`},
		{"{{\u00a0a}}", `"1"`},
		// Paths.
		{`{{.a}}`, `"1"`},
		{`{{.o.k}}`, `"v"`},
		{`{{.}}`, `"[object Object]"`},
		{`{{a.}}`, `"{{a.}}"`},
		{`{{.y}}`, `"{{.y}}"`},
		{`{{a.b}}`, `"{{a.b}}"`},
		{`{{o.k.x}}`, `"{{o.k.x}}"`},
		{`{{n.x}}`, `"{{n.x}}"`},
		{`{{z.x}}`, `"{{z.x}}"`},
		{`{{k-v}}`, `"2"`},
		{`{{a?b}}`, `"3"`},
		{`{{_}}`, `"{{_}}"`},
		{`{{-}}`, `"{{-}}"`},
		{`{{items.0.id}}`, `"i0"`},
		{`{{items.1.id}}`, `"i1"`},
		{`{{items.5.id}}`, `"{{items.5.id}}"`},
		{`{{items.-1.id}}`, `"i1"`},
		{`{{items.-2.id}}`, `"i0"`},
		{`{{items.-3.id}}`, `"i0"`},
		{`{{items.00.id}}`, `"i0"`},
		{`{{items.-0.id}}`, `"{{items.-0.id}}"`},
		{`{{items.1-}}`, `"{{items.1-}}"`},
		{`{{items.length}}`, `"2"`},
		{`{{empt.length}}`, `"0"`},
		{`{{empt.-1}}`, `"{{empt.-1}}"`},
		{`{{str0.length}}`, `"{{str0.length}}"`},
		{`{{str0.0}}`, `"{{str0.0}}"`},
		{`{{constructor}}`, `"{{constructor}}"`},
		{`{{__proto__}}`, `"{{__proto__}}"`},
		{`{{deep./name/}}`, `"r1"`},
		{`{{deep./name_2/}}`, `"r2"`},
		{`{{deep./NAME/}}`, `"{{deep./NAME/}}"`},
		{`{{deep./NAME/i}}`, `"r1"`},
		{`{{deep./zzz/}}`, `"{{deep./zzz/}}"`},
		{`{{/de/.other}}`, `"3"`},
		{`{{/^d/.in}}`, `"{{/^d/.in}}"`},
		{`{{/d/.in}}`, `"7"`},
		{`{{dup./abc?/}}`, `"1"`},
		{`{{dup.//}}`, `"{{dup.//}}"`},
		{`{{deep./n.me/}}`, `"{{deep./n.me/}}"`},
		{`{{items./id/}}`, `"{{items./id/}}"`},
		{`{{items.0./i/}}`, `"i0"`},
		{`{{deep./name/:str|b}}`, `"r1"`},
		{`{{/x}}`, `"5"`},
		{`{{nope b}}`, `"B"`},
		{`{{b nope}}`, `"B"`},
		{`{{ nope  b }}`, `"B"`},
		{`{{o.nope o.k}}`, `"v"`},
		{`{{nope nope2}}`, `"{{nope nope2}}"`},
		{"{{a\tb}}", `"{{a\tb}}"`},
		// Alternatives.
		{`{{nope|b}}`, `"B"`},
		{`{{nope|nope2|a}}`, `"1"`},
		{`{{ nope | a : int }}`, `1`},
		{`{{nope:int|a:int}}`, `1`},
		{`{{nope:int|b}}`, `"B"`},
		{`{{n|b}}`, `"1"`},
		{`{{z|b}}`, `null`},
		{`{{e|b}}`, `""`},
		{`{{e:ignore-empty-str|b}}`, `"B"`},
		{`{{e|b:ignore-empty-str}}`, `"B"`},
		{`{{nope|e:ignore-empty-str}}`, `"{{nope|e:ignore-empty-str}}"`},
		{`{{e:ignore-empty-str:undefined}}`, ``},
		{`{{e:ignore-empty-str?:d}}`, `"d"`},
		{`{{e?:d:ignore-empty-str}}`, `""`},
		{`{{ws:ignore-empty-str|b}}`, `""`},
		{`{{e.x|b}}`, `"B"`},
		{`{{nope:undefined|b}}`, `"B"`},
		{`{{nope:null|b}}`, `"B"`},
		// Types of whole placeholders.
		{`{{n}}`, `"1"`},
		{`{{n:str}}`, `"1"`},
		{`{{f}}`, `"1.5"`},
		{`{{ff}}`, `"2.5"`},
		{`{{t}}`, `"true"`},
		{`{{z}}`, `null`},
		{`{{z:str}}`, `null`},
		{`{{z:int}}`, `null`},
		{`{{z:bool}}`, `null`},
		{`{{e}}`, `""`},
		{`{{s}}`, `" x "`},
		{`{{s:str}}`, `" x "`},
		{`{{s:any}}`, `"x"`},
		{`{{s:json}}`, `"x"`},
		{`{{s:int}}`, `"x"`},
		{`{{s:ignore-empty-str}}`, `"x"`},
		{`{{o}}`, `"[object Object]"`},
		{`{{eo}}`, `"[object Object]"`},
		{`{{arr}}`, `"1,2,3,[object Object]"`},
		{`{{an}}`, `"1,null,x"`},
		{`{{empt}}`, `""`},
		{`{{arr.1}}`, `"2,3"`},
		{`{{arr.1:json}}`, `[2,3]`},
		{`{{o:json}}`, `{"k":"v","d":{"e":1}}`},
		{`{{o:any}}`, `{"k":"v","d":{"e":1}}`},
		{`{{o:undefined}}`, `{"k":"v","d":{"e":1}}`},
		{`{{o:int}}`, `{"k":"v","d":{"e":1}}`},
		{`{{o:bool}}`, `{"k":"v","d":{"e":1}}`},
		{`{{an:any}}`, `[1,null,"x"]`},
		{`{{empt:json}}`, `[]`},
		{`{{js:json}}`, `{"p":1}`},
		{`{{jsa:json}}`, `[1]`},
		{`{{bad:json}}`, `"{"`},
		{`{{tr:json}}`, `true`},
		{`{{nulls:json}}`, `null`},
		{`{{a:json}}`, `1`},
		{`{{n:json}}`, `1`},
		{`{{o.k:json}}`, `"v"`},
		{`{{a:int}}`, `1`},
		{`{{a : int}}`, `1`},
		{`{{a:int:str}}`, `1`},
		{`{{a:int:null}}`, `1`},
		{`{{num:int}}`, `12`},
		{`{{num:num}}`, `12`},
		{`{{nan:int}}`, `"zz"`},
		{`{{e:int}}`, `""`},
		{`{{exp:int}}`, `1`},
		{`{{exp:num}}`, `1000`},
		{`{{hex:int}}`, `31`},
		{`{{hex:num}}`, `0`},
		{`{{neg:int}}`, `-5`},
		{`{{neg:num}}`, `-5.5`},
		{`{{plus:int}}`, `5`},
		{`{{plus:num}}`, `5`},
		{`{{dot:num}}`, `0.5`},
		{`{{dot:int}}`, `".5"`},
		{`{{five:num}}`, `5`},
		{`{{f:int}}`, `1`},
		{`{{t:int}}`, `true`},
		{`{{t:num}}`, `true`},
		{`{{arr:int}}`, `1`},
		{`{{tr:bool}}`, `true`},
		{`{{fl:bool}}`, `false`},
		{`{{tru:bool}}`, `true`},
		{`{{Tr:bool}}`, `"True"`},
		{`{{n:bool}}`, `1`},
		{`{{t:bool}}`, `true`},
		{`{{a:bool}}`, `"1"`},
		{`{{nulls:null}}`, `null`},
		{`{{nul2:null}}`, `null`},
		{`{{b:null}}`, `"B"`},
		{`{{n:null}}`, `1`},
		{`{{a::int}}`, `9`},
		{`{{a:}}`, `"9"`},
		// Types amid text.
		{`x{{n}}y`, `"x1y"`},
		{`{{a}}{{b}}`, `"1B"`},
		{`x{{t}}`, `"xtrue"`},
		{`x{{z}}`, `"xnull"`},
		{`x{{z:any}}`, `"xnull"`},
		{`x{{e}}`, `"x"`},
		{`x{{o}}`, `"x[object Object]"`},
		{`x{{o:json}}`, `"x[object Object]"`},
		{`x{{arr}}`, `"x1,2,3,[object Object]"`},
		{`x{{an}}`, `"x1,null,x"`},
		{`x{{an:any}}`, `"x1,,x"`},
		{`x{{js:json}}`, `"x{\"p\":1}"`},
		{`x{{s:any}}`, `"xx"`},
		{`x{{s}}`, `"x x "`},
		{`x{{num:int}}`, `"x12"`},
		{`x{{nan:int}}`, `"xzz"`},
		{`x{{nulls:null}}y`, `"xnully"`},
		{`x{{b:null}}`, `"xnull"`},
		{`x{{b:str:null}}`, `"xB"`},
		{` {{n:int}}`, `" 1"`},
		// Missing values and defaults.
		{`{{nope}}`, `"{{nope}}"`},
		{`x{{nope}}y`, `"x{{nope}}y"`},
		{`{{nope:int}}`, `"{{nope:int}}"`},
		{`{{nope:null}}`, `null`},
		{`x{{nope:null}}y`, `"xnully"`},
		{`{{nope:undefined}}`, ``},
		{`x{{nope:undefined}}y`, `"xy"`},
		{`{{nope:int:null}}`, `null`},
		{`{{nope:int:undefined}}`, ``},
		{`{{nope?:d}}`, `"d"`},
		{`{{nope?: d }}`, `" d "`},
		{`{{nope?:1:int}}`, `1`},
		{`x{{nope?:1:int}}`, `"x1"`},
		{`{{nope?:1:json}}`, `1`},
		{`{{nope?:true:bool}}`, `true`},
		{`{{nope?:null:null}}`, `null`},
		{`{{nope?:null}}`, `"null"`},
		{`x{{a?:null}}`, `"x1"`},
		{`{{nope?:x:undefined}}`, `"x"`},
		{`{{nope?:-1.5:num}}`, `-1.5`},
		{`{{nope?:}}`, `"{{nope?:}}"`},
		{`x{{nope?:}}y`, `"x{{nope?:}}y"`},
		{`{{nope?: }}`, `" "`},
		{`{{nope?::int}}`, `""`},
		{`{{nope:null?:}}`, `null`},
		{`{{nope:null?:x}}`, `"x"`},
		{`{{nope:undefined?:5:int}}`, `5`},
		{`{{nope?:https://x.y}}`, `"https://x.y"`},
		{`{{nope?:/p/q}}`, `"/p/q"`},
		{`{{nope?:a:/1}}`, `"a:/1"`},
		{`{{nope?:a?:b}}`, `"a"`},
		{`{{nope?:a|b}}`, `"a|b"`},
		{`{{nope?:a b}}`, `"a b"`},
		{`{{nope?:a}}x{{nope?:b}}`, `"axb"`},
		{`{{nope|nope2?:z}}`, `"z"`},
		{`{{a?:d}}`, `"1"`},
		{`{{z?:d}}`, `null`},
		{`{{e?:d}}`, `""`},
		{`{{nope?:é}}`, `"{{nope?:é}}"`},
		{`{{nope?:[1]:json}}`, `"{{nope?:[1]:json}}"`},
		// Values are not templates.
		{`{{ph}}`, `"{{b}}"`},
		{`x{{ph}}`, `"x{{b}}"`},
	} {
		t.Run(c.template, func(t *testing.T) {
			wantRender(t, c.template, c.want)
		})
	}
}

// Where the other engine loses digits, fails or lets values act.
func TestDifferences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ template, want string }{
		{`{{big:int}}`, `12345678901234567890`},
		{`{{big:num}}`, `12345678901234567890`},
		{`{{big:json}}`, `12345678901234567890`},
		{`{{bigNum}}`, `"12345678901234567890"`},
		{`x{{bigNum}}`, `"x12345678901234567890"`},
		{`{{expNum:int}}`, `1000`},
		{`{{expNum}}`, `"1000"`},
		{`{{inf:num}}`, `"Infinity"`},
		{`{{1}}`, `"one"`},
		{`{{mx.0}}`, `"zero"`},
		{`{{nope: null}}`, `null`},
		{`{{nope : undefined}}`, ``},
		{`x{{amp}}`, `"x$& $1 $$"`},
		{`{{ph}}{{b}}`, `"{{b}}B"`},
	} {
		t.Run(c.template, func(t *testing.T) {
			wantRender(t, c.template, c.want)
		})
	}
}

func wantRender(t *testing.T, text, want string) {
	t.Helper()
	template, err := placeholder.CompileText(text)
	if err != nil {
		t.Fatal(err)
	}
	got, unresolved := template.Render(data())
	text2 := ""
	if got.Exists() {
		text2 = got.String()
	}
	if text2 != want {
		t.Errorf("got %s, want %s", text2, want)
	}
	for _, holder := range unresolved {
		if !strings.Contains(got.Str(), holder) {
			t.Errorf("%s is said to be unresolved, but the text is %s", holder, got)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		template string
		offset   int
		holder   string
	}{
		{`{{a:foo}}`, 4, `{{a:foo}}`},
		{`xy{{a:foo}}`, 6, `{{a:foo}}`},
		{`{{nope:foo}}`, 7, `{{nope:foo}}`},
		{`{{a:int:foo}}`, 8, `{{a:int:foo}}`},
		{`{{a|b:string}}`, 6, `{{a|b:string}}`},
		{`{{a:Int}}`, 4, `{{a:Int}}`},
		{`{{nope?:12:30}}`, 11, `{{nope?:12:30}}`},
		{`{{nope?:1: int}}`, 10, `{{nope?:1: int}}`},
		{`{{nope?:1:int }}`, 10, `{{nope?:1:int }}`},
		{`{{nope?:a:b}}`, 10, `{{nope?:a:b}}`},
		{`{{ }}`, 2, `{{ }}`},
		{`{{|a}}`, 2, `{{|a}}`},
		{`{{a|}}`, 4, `{{a|}}`},
		{`{{a||b}}`, 4, `{{a||b}}`},
		{`{{?:x}}`, 2, `{{?:x}}`},
		{`{{:int}}`, 2, `{{:int}}`},
		{`{{a}} {{a./?/}}`, 8, `{{a./?/}}`},
	} {
		t.Run(c.template, func(t *testing.T) {
			_, err := placeholder.CompileText(c.template)
			var e *placeholder.SyntaxError
			if !errors.As(err, &e) {
				t.Fatalf("got error %v", err)
			}
			if e.Offset != c.offset || e.Placeholder != c.holder || e.Reason == "" {
				t.Errorf("got %+v", e)
			}
		})
	}
	_, err := placeholder.Compile(jsonx.MustParse(`{"a":[{"b":"{{x:y}}"}]}`))
	var e *placeholder.SyntaxError
	if !errors.As(err, &e) || e.Path != "a.0.b" {
		t.Errorf("got %v", err)
	}
}

func TestRenderStructures(t *testing.T) {
	t.Parallel()
	root := jsonx.MustParse(`{"o":{"k":"v","n":{"x":[1],"y":1}},"p":{"k":"w","n":{"x":[2],"z":2}},"arr":[1],"s":"t","z":null,"js":"{\"q\":1}","b":"B",
		"evil":{"$truto_merge":"{{s}}","t":"{{s}}"}}`)
	for _, c := range []struct{ template, want string }{
		{`{"a":1,"b":true,"c":null,"d":["{{b}}",{"e":"{{o:json}}"}]}`, `{"a":1,"b":true,"c":null,"d":["B",{"e":{"k":"v","n":{"x":[1],"y":1}}}]}`},
		{`{"{{b}}":"{{b}}"}`, `{"{{b}}":"B"}`},
		{`{"a":"{{nope:undefined}}","b":1}`, `{"b":1}`},
		{`{"a":{"c":"{{nope:undefined}}"},"b":"x{{nope:undefined}}"}`, `{"a":{},"b":"x"}`},
		{`["{{nope:undefined}}",1]`, `[null,1]`},
		{`12`, `12`},
		{`{"k":0,"$truto_merge":"{{o:json}}"}`, `{"k":"v","n":{"x":[1],"y":1}}`},
		{`{"$truto_merge":"{{o:json}}","k":"after"}`, `{"k":"v","n":{"x":[1],"y":1}}`},
		{`{"$truto_merge":"{{o:any}}"}`, `{"k":"v","n":{"x":[1],"y":1}}`},
		{`{"k":0,"$truto_merge":"{{o}}"}`, `{"k":0}`},
		{`{"$truto_merge":["{{o:json}}","{{p:json}}"]}`, `{"k":"w","n":{"x":[1,2],"y":1,"z":2}}`},
		{`{"$truto_merge":["{{s:json}}","{{z:json}}","{{o:json}}"]}`, `{"k":"v","n":{"x":[1],"y":1}}`},
		{`{"z":1,"$truto_merge":"{{nope:json}}"}`, `{"z":1}`},
		{`{"z":1,"$truto_merge":"{{nope:json|p:json}}"}`, `{"z":1,"k":"w","n":{"x":[2],"z":2}}`},
		{`{"a":1,"$truto_merge":"{{nope:undefined}}"}`, `{"a":1}`},
		{`{"$truto_merge":"{{js:json}}"}`, `{"q":1}`},
		{`{"$truto_merge":"{{arr:json}}"}`, `{}`},
		{`{"$truto_merge":"x{{o:json}}"}`, `{}`},
		{`{"$truto_merge":{"a":"{{b}}"}}`, `{"a":"B"}`},
		{`{"$truto_merge":{"a":1}}`, `{"a":1}`},
		{`{"$truto_merge":[{"q":1},"{{o:json}}"]}`, `{"q":1,"k":"v","n":{"x":[1],"y":1}}`},
		{`{"$truto_merge":[["{{o:json}}"]]}`, `{}`},
		{`{"n":{"x":[0]},"$truto_merge":"{{o:json}}"}`, `{"n":{"x":[0,1],"y":1},"k":"v"}`},
		{`{"n":1,"$truto_merge":"{{o:json}}"}`, `{"n":{"x":[1],"y":1},"k":"v"}`},
		{`{"k":{"a":1},"$truto_merge":"{{o:json}}"}`, `{"k":"v","n":{"x":[1],"y":1}}`},
		{`{"a":{"b":{"$truto_merge":"{{o:json}}"}}}`, `{"a":{"b":{"k":"v","n":{"x":[1],"y":1}}}}`},
		{`[{"$truto_merge":"{{o:json}}"}]`, `[{"k":"v","n":{"x":[1],"y":1}}]`},
		{`{"$truto_merge":"{{evil:json}}"}`, `{"$truto_merge":"{{s}}","t":"{{s}}"}`},
		{`{"a":"{{evil:json}}"}`, `{"a":{"$truto_merge":"{{s}}","t":"{{s}}"}}`},
	} {
		t.Run(c.template, func(t *testing.T) {
			template, err := placeholder.Compile(jsonx.MustParse(c.template))
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := template.Render(root); got.String() != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestUnresolvedAndHolders(t *testing.T) {
	t.Parallel()
	template, err := placeholder.Compile(jsonx.MustParse(`{"x":"{{nope}} {{a}} {{nope}}","y":["{{o.q r|s:int}}"],"z":"{{t?:1}}{{u:undefined}}"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, unresolved := template.Render(jsonx.MustParse(`{"a":1}`))
	if diff := cmp.Diff([]string{"{{nope}}", "{{o.q r|s:int}}"}, unresolved); diff != "" {
		t.Error(diff)
	}
	want := []placeholder.Holder{
		{Text: "{{nope}}", Paths: []string{"nope"}, At: "x"},
		{Text: "{{a}}", Paths: []string{"a"}, At: "x"},
		{Text: "{{nope}}", Paths: []string{"nope"}, At: "x"},
		{Text: "{{o.q r|s:int}}", Paths: []string{"o.q", "r", "s"}, At: "y.0"},
		{Text: "{{t?:1}}", Paths: []string{"t"}, At: "z", Optional: true},
		{Text: "{{u:undefined}}", Paths: []string{"u"}, At: "z", Optional: true},
	}
	if diff := cmp.Diff(want, template.Holders()); diff != "" {
		t.Error(diff)
	}
	if constant, _ := placeholder.CompileText("x"); !constant.Constant() || template.Constant() {
		t.Error("Constant is wrong")
	}
	if err := placeholder.UnresolvedError(nil); err != nil {
		t.Error(err)
	}
}

// A value that looks like a placeholder is text, whatever template it is in.
func TestValuesStayText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOf(rapid.SampledFrom([]rune(`{}ab.|:?$& `))).Draw(t, "value")
		other := rapid.StringOf(rapid.SampledFrom([]rune(`{}ab.|:?$& `))).Draw(t, "other")
		root := jsonx.ObjectValue(jsonx.Member{Name: "a", Value: jsonx.StringValue(value)}, jsonx.Member{Name: "b", Value: jsonx.StringValue(other)})
		template, err := placeholder.Compile(jsonx.MustParse(`{"t":"<{{a}}|{{b}}|{{a}}>","w":"{{b}}","$truto_merge":"{{nope:json}}"}`))
		if err != nil {
			t.Fatal(err)
		}
		got, unresolved := template.Render(root)
		if want := "<" + value + "|" + other + "|" + value + ">"; got.Get("t").Str() != want || got.Get("w").Str() != other {
			t.Fatalf("got %s", got)
		}
		if len(unresolved) != 1 {
			t.Fatalf("unresolved: %v", unresolved)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		`{{a}}`, `x{{a.b.-1|c:int?:d:json}}y{{`, `{{a b:undefined}}`, `{{{a}}}`, `{{deep./na?me/i}}`, `{{nope?:12:30}}`, `{{.}}`, `{{arr:num}}`,
	} {
		f.Add(seed, "v")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		template, err := placeholder.CompileText(text)
		if err != nil {
			return
		}
		v := jsonx.StringValue(value)
		got, _ := template.Render(data().With("a", v).With("b", jsonx.ArrayValue(v, v)))
		if _, err := jsonx.Parse(got.Bytes()); err != nil && jsonx.ValidText(text) && jsonx.ValidText(value) {
			t.Fatalf("%q renders %s: %v", text, got, err)
		}
		// A template without placeholders is its own result.
		if template.Constant() && got.Str() != text {
			t.Fatalf("%q renders %q", text, got.Str())
		}
	})
}
