package jsonx_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
	"pgregory.net/rapid"
)

func TestPick(t *testing.T) {
	t.Parallel()
	const text = ` {"a":{"b":[1,{"a":2},"x]"],"b":[3, 4],"n":null},"list":[[]],"a\u0062":"\"é","t":true,"e":-1.5e+3} `
	found, err := jsonx.Pick([]byte(text), []string{"a", "b"}, []string{"a", "n"}, []string{"ab"}, []string{"list", "0"}, nil, []string{"e"}, []string{"t"}, []string{"a", "b", "x"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		text  string
		kind  jsonx.Kind
		items int
	}{
		{`[3, 4]`, jsonx.Array, 2},
		{`null`, jsonx.Null, 0},
		{`"\"é"`, jsonx.String, 0},
		{"", jsonx.Missing, 0},
		{strings.TrimSpace(text), jsonx.Object, 0},
		{`-1.5e+3`, jsonx.Number, 0},
		{`true`, jsonx.Bool, 0},
		{"", jsonx.Missing, 0},
	} {
		if got := found[i]; string(got.Text) != want.text || got.Kind != want.kind || got.Items != want.items {
			t.Errorf("path %d: %q %s with %d items, want %q %s with %d", i, got.Text, got.Kind, got.Items, want.text, want.kind, want.items)
		}
	}
}

func TestPickForgetsAnEarlierMember(t *testing.T) {
	t.Parallel()
	found, err := jsonx.Pick([]byte(`{"a":{"b":1},"a":2}`), []string{"a", "b"})
	if err != nil || found[0].Text != nil {
		t.Errorf("found %q, error %v", found[0].Text, err)
	}
}

// TestPickAgreesWithTheStandardLibrary holds the checks against an independent
// reader: on valid documents with one byte changed, both say the same.
func TestPickAgreesWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	documents := []string{
		`{"a":[1,2.5,-0,1e9,{"b":null}],"c":"x\u00e9\n","d":{"e":[true,false]}}`, `[]`, `{}`, `"text of more than eight bytes \\ \""`, `-12.75E-3`, `[[[[]]]]`,
	}
	bytes := rapid.SampledFrom([]byte("{}[]\":,0129-+.eEtfnu\\ax \n\x01/"))
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(rapid.SampledFrom(documents).Draw(t, "document"))
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				text[at] = bytes.Draw(t, "byte")
			case 1:
				text = append(text[:at:at], text[at+1:]...)
			default:
				text = append(text[:at:at], append([]byte{bytes.Draw(t, "byte")}, text[at:]...)...)
			}
			if len(text) == 0 {
				break
			}
		}
		_, err := jsonx.Pick(text, nil)
		if valid := json.Valid(text); valid != (err == nil) {
			t.Errorf("%q: the standard library says %t, Pick %v", text, valid, err)
		}
	})
}

// TestPickFindsTheEndOfTexts has what ends or breaks a text at every place that a
// look ahead may begin or end at.
func TestPickFindsTheEndOfTexts(t *testing.T) {
	t.Parallel()
	for n := range 1100 {
		plain := strings.Repeat("a", n)
		for _, rest := range []string{`"`, `\n"`, `\\"`, "\x01\"", "\x00", `é"`, ``, `\`, `\u00e9` + plain + `"`, `"x`} {
			text := []byte(`["` + plain + rest + `]`)
			if _, err := jsonx.Pick(text); (err == nil) != json.Valid(text) {
				t.Fatalf("%d letters and %q: got %v", n, rest, err)
			}
		}
	}
}

func TestPickBoundsDepth(t *testing.T) {
	t.Parallel()
	if _, err := jsonx.Pick([]byte(strings.Repeat("[", 1<<20))); err == nil {
		t.Error("a million arrays in each other were taken")
	}
}

func BenchmarkPick(b *testing.B) {
	item := `{"id":"0190","name":"Ada Lovelace","email":"ada@example.com","tags":["a","b"],"n":12345,"nested":{"k":null,"v":true},"note":"` + strings.Repeat("lorem ipsum ", 60) + `"},`
	text := []byte(`{"data":{"items":[` + strings.TrimSuffix(strings.Repeat(item, 100), ",") + `]},"paging":{"next":"abc"}}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for range b.N {
		if _, err := jsonx.Pick(text, []string{"data", "items"}, []string{"paging", "next"}); err != nil {
			b.Fatal(err)
		}
	}
}
