package definition_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/definition"
)

// TestHostileYAML holds that no file takes long to read.
func TestHostileYAML(t *testing.T) {
	t.Parallel()
	laughs := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		laughs += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 8), i)
	}
	var keys, indented strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&keys, "k%d: v\n", i)
	}
	for i := range 900 {
		indented.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for name, file := range map[string]string{
		"aliases of aliases": laughs,
		"brackets":           strings.Repeat("[", 100_000),
		"braces":             "a: " + strings.Repeat("{a: ", 50_000),
		"dashes":             strings.Repeat("- ", 100_000),
		"complex keys":       strings.Repeat("? ", 100_000),
		"indents":            indented.String(),
		"keys":               keys.String(),
		"large":              "a: " + strings.Repeat("x", 3<<20),
		"quotes":             strings.Repeat(`"`, 1<<20+1),
		"tags":               "a: " + strings.Repeat("!a ", 100_000) + "b",
		"documents":          strings.Repeat("---\n", 200_000),
	} {
		began := time.Now()
		if _, err := definition.ReadConfig([]byte(file)); err == nil || len(err.Error()) > 1000 {
			t.Errorf("%s: got error %.200v", name, err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	for _, file := range []string{"a: &x {b: 1}\nc: *x\n", "base: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n", "a: &a [*a]\n", "- - - 1\n"} {
		if _, err := definition.Read([]byte(file)); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}
