package jsonx_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"pgregory.net/rapid"
)

func TestPathsAreParsed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a":                        "a",
		"a.b.0":                    "a|b|0",
		"a[0].b":                   "a|0|b",
		"[-1].id":                  "-1|id",
		"data[-1]":                 "data|-1",
		`["@odata.nextLink"]`:      "@odata.nextLink",
		`a['b.c'][2]["d"].e`:       "a|b.c|2|d|e",
		"a.`b.c`.d":                "a|b.c|d",
		"`x-y z`":                  "x-y z",
		"$.a.b":                    "a|b",
		"@odata.count":             "@odata|count",
		"größe.näher":              "größe|näher",
		"paging.-1":                "paging|-1",
		"_links.next.href":         "_links|next|href",
		"com$instructure.last-one": "com$instructure|last-one",
	} {
		got, err := jsonx.ParsePath(text)
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%s: got %q, %v", text, got, err)
		}
	}
	for text, position := range map[string]int{
		"": 0, ".": 0, "a.": 2, "a..b": 2, "a[": 2, "a[]": 2, "a[x]": 2, "a[1": 3, `a["b]`: 2, `a["b"`: 5, "a[01]": 2, "a]": 1, "a`b`": 1, "`a": 0, "``": 1, `["a"]b`: 5, "$.ä..": 4,
	} {
		_, err := jsonx.ParsePath(text)
		var e *jsonx.PathError
		if !errors.As(err, &e) || e.Position != position {
			t.Errorf("%q: got %v, want an error at %d", text, err, position)
		}
	}
}

func TestFollowReachesIntoArrays(t *testing.T) {
	t.Parallel()
	const text = `{"a":[{"id":1,"x":"]"},{"id":2} , {"id":[3,{"y":null}]}],"0":{"b":"text"},"e":[],"@o.n":true}`
	for path, want := range map[string]string{
		"a.0.id": "1", "a[-1].id[0]": "3", "a[-3].x": `"]"`, "a.2.id.1.y": "null", "0.b": `"text"`, `["@o.n"]`: "true", "a[1]": `{"id":2}`,
		"a[3]": "", "a[-4]": "", "e[0]": "", "e[-1]": "", "a.id": "", "0.b.c": "", "zz": "",
	} {
		steps, err := jsonx.ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jsonx.Follow([]byte(text), steps)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", path, got, err, want)
		}
		if v := jsonx.MustParse(text).At(steps...); v.Exists() != (want != "") || v.Exists() && v.String() != jsonx.MustParse(want).String() {
			t.Errorf("%s: At gives %s", path, v)
		}
	}
	if _, err := jsonx.Follow([]byte(`{"a":[1,`), []string{"a", "0"}); err == nil {
		t.Error("a broken text is followed")
	}
}

func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"a.b", `a["b.c"][-1]`, "`x`", "[", "a[0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path, err := jsonx.ParsePath(text)
		if err == nil && len(path) == 0 {
			t.Errorf("%q is no path, and no error", text)
		}
		_ = jsonx.MustParse(`{"a":[{"b":1}]}`).At(path...)
	})
}

// TestQuotedPathsAreReadBack quotes names of any kind.
func TestQuotedPathsAreReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.StringMatching(`[^'"\x60]{1,8}`), 1, 4).Draw(t, "names")
		text := ""
		for i, name := range names {
			text += []string{`["` + name + `"]`, `['` + name + `']`}[i%2]
		}
		got, err := jsonx.ParsePath(text)
		if err != nil || strings.Join(got, "\x00") != strings.Join(names, "\x00") {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	})
}
