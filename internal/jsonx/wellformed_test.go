package jsonx_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

func wellFormedSeeds() []string {
	return []string{
		`{}`, `{"a":[1,null,"x",true,false,-1.5e3,0.1,1E+2]}`, ` [ ] `, "[\n1 ,\t2\r]", `"x"`, `0`, `-0`, `"\u00e9\n\"\\\/"`, `{"a":{"b":[{}]}}`, `{"a":1,"a":2}`, `"é"`,
		``, ` `, `{`, `[`, `"`, `-`, `{"a":1}}`, `{"a":1,}`, `[1,]`, `[,1]`, `{"a":01}`, `nonsense`, `nul`, `{"a":"\x"}`, `{} {}`, `{a:1}`, `{"a" 1}`, `{1:2}`, `"a` + "\n" + `"`, `"\u12"`, `1.`, `.5`, `1e`, `+1`, "\"\xff\"", `'a'`, `[1 2]`, `{"a":1 "b":2}`, "\x00", "{}\x00",
		strings.Repeat("[", 100) + strings.Repeat("]", 100), `tru`, `truee`, `"\`,
	}
}

// TestWellFormed holds the check against the standard library's.
func TestWellFormed(t *testing.T) {
	t.Parallel()
	for _, text := range wellFormedSeeds() {
		if got, want := jsonx.WellFormed(text), oracle(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	deep := strings.Repeat("[", 100_000)
	if jsonx.WellFormed(deep + strings.Repeat("]", 100_000)) {
		t.Error("depth without end was taken")
	}
}

// oracle is the standard library, which takes bytes that are no UTF-8.
func oracle(text string) bool {
	return json.Valid([]byte(text)) && strings.ToValidUTF8(text, "") == text
}

func FuzzWellFormed(f *testing.F) {
	for _, text := range wellFormedSeeds() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Count(text, "[")+strings.Count(text, "{") > jsonx.DefaultDepth {
			return
		}
		if got, want := jsonx.WellFormed(text), oracle(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	})
}

func BenchmarkWellFormed(b *testing.B) {
	const text = `{"base_url":"https://acme.vendor.example","subdomain":"acme","plan":"gold","limits":{"users":10,"seats":5},"oauth":{"scope":["read","write"]},"region":"eu","org":{"id":12345,"name":"Acme"}}`
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if !jsonx.WellFormed(text) {
			b.Fatal("not well formed")
		}
	}
}
