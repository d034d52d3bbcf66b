package jsonx_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sinewhq/sinew/internal/jsonx"
)

func TestParseKeepsOrderAndNumbers(t *testing.T) {
	const text = `{"z":1.10,"a":9007199254740993,"m":[true,null,"é"],"e":-1E+2}`
	v, err := jsonx.ParseString(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.String(); got != text {
		t.Errorf("round trip\n got %s\nwant %s", got, text)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, text, reason, pointer string }{
		{"empty", "", "text ends too early", ""},
		{"cut short", `{"a":[1,`, "text ends too early", ""},
		{"twice", `{"a":{"b":1,"b":2}}`, "member occurs twice", "/a/b"},
		{"twice by escape", `{"a":1,"\u0061":2}`, "member occurs twice", "/a"},
		{"NUL", `{"a":"x\u0000y"}`, "character U+0000 in a string", "/a"},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", "invalid UTF-8", ""},
		{"trailing", `{} {}`, "more than one value", ""},
		{"garbage behind", `{}x`, "not valid JSON", ""},
		{"deep", strings.Repeat("[", 101) + strings.Repeat("]", 101), "nested deeper than 100", ""},
		{"deep bomb", strings.Repeat("[", 5_000_000), "nested deeper than 100", ""},
		{"deep objects", strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101), "nested deeper than 100", ""},
		{"bare word", `undefined`, "not valid JSON", ""},
		{"NaN", `[NaN]`, "not valid JSON", ""},
		{"leading zero", `[01]`, "not valid JSON", ""},
		{"comment", `{/**/}`, "not valid JSON", ""},
		{"trailing comma", `[1,]`, "not valid JSON", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := jsonx.ParseString(test.text)
			var syntax *jsonx.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got error %v, want a SyntaxError", err)
			}
			if syntax.Reason != test.reason {
				t.Errorf("got reason %q, want %q", syntax.Reason, test.reason)
			}
			if test.pointer != "" && syntax.Pointer != test.pointer {
				t.Errorf("got pointer %q, want %q", syntax.Pointer, test.pointer)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	tests := []struct{ name, base, patch, merged, overlaid string }{
		{"adds and replaces", `{"a":1,"b":2}`, `{"b":3,"c":4}`, `{"a":1,"b":3,"c":4}`, `{"a":1,"b":3,"c":4}`},
		{"null", `{"a":1,"b":{"c":2,"d":3}}`, `{"a":null,"b":{"c":null}}`, `{"b":{"d":3}}`, `{"a":null,"b":{"c":null,"d":3}}`},
		{"arrays replace", `{"a":[1,2]}`, `{"a":[3]}`, `{"a":[3]}`, `{"a":[3]}`},
		{"object over scalar", `{"a":1}`, `{"a":{"b":null,"c":1}}`, `{"a":{"c":1}}`, `{"a":{"b":null,"c":1}}`},
		{"scalar over object", `{"a":{"b":1}}`, `{"a":2}`, `{"a":2}`, `{"a":2}`},
		{"empty patch", `{"a":1}`, `{}`, `{"a":1}`, `{"a":1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base, patch := jsonx.MustParse(test.base), jsonx.MustParse(test.patch)
			if got := jsonx.Merge(base, patch).String(); got != test.merged {
				t.Errorf("Merge: got %s, want %s", got, test.merged)
			}
			if got := jsonx.Overlay(base, patch).String(); got != test.overlaid {
				t.Errorf("Overlay: got %s, want %s", got, test.overlaid)
			}
			if got := base.String(); got != test.base {
				t.Errorf("base changed to %s", got)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	v := jsonx.MustParse(`{"a":{"b":[{"c":1}]}}`)
	if got := v.At("a", "b", "0", "c").String(); got != "1" {
		t.Errorf("At: got %s", got)
	}
	if v.At("a", "b", "1").Exists() || v.At("a", "x", "y").Exists() {
		t.Error("At: found what is not there")
	}
	got := v.SetAt(jsonx.StringValue("x"), "a", "n", "m").SetAt(jsonx.Value{}, "a", "b").SetAt(jsonx.Value{}, "q", "r").String()
	if want := `{"a":{"n":{"m":"x"}}}`; got != want {
		t.Errorf("SetAt: got %s, want %s", got, want)
	}
}

func TestStructsCarryValues(t *testing.T) {
	type body struct {
		Name    string      `json:"name"`
		Context jsonx.Value `json:"context,omitzero"`
		Patch   jsonx.Value `json:"patch,omitzero"`
	}
	var got body
	if err := jsonx.Unmarshal([]byte(`{"name":"x","context":{"b":1,"a":2},"patch":null}`), &got); err != nil {
		t.Fatal(err)
	}
	if !got.Patch.IsNull() {
		t.Error("null was read as missing")
	}
	text, err := jsonx.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"name":"x","context":{"b":1,"a":2},"patch":null}`, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestLargeObjectsStayFast(t *testing.T) {
	b := jsonx.NewBuilder(0)
	for i := range 50_000 {
		b.Set(jsonx.IntValue(int64(i)).String(), jsonx.IntValue(int64(i)))
	}
	v := b.Value()
	if merged := jsonx.Merge(v, v); merged.Len() != 50_000 || merged.Get("49999").String() != "49999" {
		t.Error("members lost")
	}
}

// anyValue draws a JSON value.
func anyValue(depth int) *rapid.Generator[jsonx.Value] {
	leaf := rapid.OneOf(
		rapid.Just(jsonx.NullValue()),
		rapid.Map(rapid.Bool(), jsonx.BoolValue),
		rapid.Map(rapid.Int64(), jsonx.IntValue),
		rapid.Map(rapid.Float64(), jsonx.FloatValue),
		rapid.Map(rapid.StringMatching(`[^\x00]*`), jsonx.StringValue),
	)
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(anyValue(depth-1), 0, 5), func(items []jsonx.Value) jsonx.Value { return jsonx.ArrayValue(items...) }),
		rapid.Custom(func(t *rapid.T) jsonx.Value {
			b := jsonx.NewBuilder(0)
			for range rapid.IntRange(0, 20).Draw(t, "members") {
				b.Set(rapid.StringMatching(`[a-zé"\\\n]{0,3}`).Draw(t, "name"), anyValue(depth-1).Draw(t, "value"))
			}
			return b.Value()
		}),
	)
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(3).Draw(t, "value")
		back, err := jsonx.Parse(v.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		if !jsonx.Equal(v, back) || v.String() != back.String() {
			t.Fatalf("got %s, want %s", back, v)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e3,"x\u00e9"],"b":null}`, `[[[]]]`, `"\ud800"`, `{"a":1,"a":2}`, ` 0 `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := jsonx.Parse(text)
		if err != nil {
			return
		}
		back, err := jsonx.Parse(v.Bytes())
		if err != nil || !jsonx.Equal(v, back) {
			t.Fatalf("%q reads back as %s, %v", text, back, err)
		}
	})
}

func TestParseLenient(t *testing.T) {
	v, err := jsonx.ParseLenient([]byte("\ufeff{\"a\":1,\"b\":\"x\xffy\",\"a\":{\"c\":\"\\u0000\"}}"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := v.String(), "{\"a\":{\"c\":\"\\u0000\"},\"b\":\"x\ufffdy\"}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := jsonx.ParseLenient([]byte(strings.Repeat("[", 100_000))); err == nil {
		t.Error("a bomb was read")
	}
}

func TestAppendTimeWritesMilliseconds(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 3600)
	for _, at := range []time.Time{
		{},
		time.UnixMilli(0), time.UnixMilli(7), time.UnixMilli(1_700_000_000_120), time.Date(2026, 1, 1, 0, 30, 0, 999_999_999, east),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(12026, 1, 1, 0, 0, 0, 5e6, time.UTC),
	} {
		want := `"` + at.UTC().Format(jsonx.TimeFormat) + `"`
		if got := string(jsonx.AppendTime(nil, at)); got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
}
