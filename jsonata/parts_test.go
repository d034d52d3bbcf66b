package jsonata_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/jsonata"
)

func TestParts(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]string{
		`{"email": p.email}`:                    {"email: p.email <- p.email [p.email]"},
		`response.{"no": zip}`:                  {"no: zip <- response.zip [response.zip]"},
		`($a := 1; {"n": $a})`:                  {"n: $a <-  []"},
		`[rows.{"id": id}]`:                     {"id: id <- rows.id [rows.id]"},
		`{"c": $uppercase(a & b)}`:              {"c: $uppercase(a & b) <-  [a b]"},
		`{"o": {"a": x, "b": {"c": y}}}`:        {"o.a: x <- x [x]", "o.b.c: y <- y [y]"},
		`{"o": ({"a": x})}`:                     {"o.a: x <- x [x]"},
		`{"l": l.{"x": x}}`:                     {`l: l.{"x": x} <-  [l l.x]`},
		`{"g": e[primary].value}`:               {"g: e[primary].value <- e.value [e.value e.primary]"},
		`{"f": $filter(i, function($v){$v.k})}`: {"f: $filter(i, function($v){$v.k}) <-  [i]"},
		`{$k: 1}`:                               nil,
		`a.b`:                                   nil,
		`1`:                                     nil,
		`{"a": "b"}`:                            {`a: "b" <-  []`},
	} {
		parts, err := jsonata.Parts(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		var got []string
		for _, p := range parts {
			got = append(got, fmt.Sprintf("%s: %s <- %s %v", strings.Join(p.Path, "."), source[p.Start:p.End], p.Source, p.Reads))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
	if _, err := jsonata.Parts("{"); err == nil {
		t.Error("what does not parse has parts")
	}
}
