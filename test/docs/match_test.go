package docs_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// anything stands in an expected block for what differs from run to run.
const anything = "…"

// matchText holds what was printed against an expected text: alike but for
// space at the ends of lines, where … stands for any text.
func matchText(expected, printed string) error {
	var parts []string
	for part := range strings.SplitSeq(trimLines(expected), anything) {
		parts = append(parts, regexp.QuoteMeta(part))
	}
	if !regexp.MustCompile(`(?s)\A` + strings.Join(parts, ".*") + `\z`).MatchString(trimLines(printed)) {
		return fmt.Errorf("does not match")
	}
	return nil
}

func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// matchJSON holds what was printed against an expected JSON value:
//
//   - the order of members does not count;
//   - "…" alone stands for any value, within a text for any characters;
//   - "…": "…" lets an object have further members, "…" as the last element
//     an array further elements;
//   - a UUID stands for any UUID, a point in time for any other.
func matchJSON(expected, printed string) error {
	want, err := jsonx.ParseString(strings.TrimSpace(expected))
	if err != nil {
		return fmt.Errorf("the page shows broken JSON: %w", err)
	}
	got, err := jsonx.ParseString(strings.TrimSpace(printed))
	if err != nil {
		return fmt.Errorf("printed what is not JSON: %w", err)
	}
	return matchValue(want, got, "")
}

func matchValue(want, got jsonx.Value, path string) error {
	if text, ok := want.Text(); ok {
		return matchString(text, got, path)
	}
	if want.Kind() != got.Kind() {
		return fmt.Errorf("%s: printed %s, the page shows %s", path, got, want)
	}
	switch want.Kind() {
	case jsonx.Object:
		return matchObject(want, got, path)
	case jsonx.Array:
		return matchArray(want, got, path)
	}
	if !jsonx.Equal(want, got) {
		return fmt.Errorf("%s: printed %s, the page shows %s", path, got, want)
	}
	return nil
}

func matchObject(want, got jsonx.Value, path string) error {
	for name, value := range want.Members() {
		if name == anything {
			continue
		}
		if !got.Get(name).Exists() {
			return fmt.Errorf("%s.%s: is on the page and was not printed", path, name)
		}
		if err := matchValue(value, got.Get(name), path+"."+name); err != nil {
			return err
		}
	}
	for name := range got.Members() {
		if !want.Get(name).Exists() && !want.Get(anything).Exists() {
			return fmt.Errorf("%s.%s: was printed and is not on the page", path, name)
		}
	}
	return nil
}

func matchArray(want, got jsonx.Value, path string) error {
	items, open := want.Items(), false
	if n := len(items); n > 0 && items[n-1].Str() == anything {
		items, open = items[:n-1], true
	}
	if got.Len() < len(items) || got.Len() > len(items) && !open {
		return fmt.Errorf("%s: printed %d elements, the page shows %d", path, got.Len(), len(items))
	}
	for i, item := range items {
		if err := matchValue(item, got.Items()[i], fmt.Sprintf("%s.%d", path, i)); err != nil {
			return err
		}
	}
	return nil
}

var masks = []*regexp.Regexp{
	regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`),
	regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`),
}

func matchString(want string, value jsonx.Value, path string) error {
	if want == anything {
		return nil
	}
	got, isText := value.Text()
	if !isText {
		return fmt.Errorf("%s: printed %s, the page shows %q", path, value, want)
	}
	for _, mask := range masks {
		if mask.MatchString(want) && mask.MatchString(got) {
			return nil
		}
	}
	if matchText(want, got) != nil {
		return fmt.Errorf("%s: printed %q, the page shows %q", path, got, want)
	}
	return nil
}

func TestMatching(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		match             func(string, string) error
		expected, printed string
		want              bool
	}{
		"text":                  {matchText, "a\nb\n", "a \nb", true},
		"other text":            {matchText, "a", "ab", false},
		"any text":              {matchText, "a…z", "abc\nz", true},
		"order of members":      {matchJSON, `{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		"other value":           {matchJSON, `{"a":1}`, `{"a":2}`, false},
		"other type":            {matchJSON, `{"a":1}`, `{"a":"1"}`, false},
		"missing member":        {matchJSON, `{"a":1,"b":2}`, `{"a":1}`, false},
		"further member":        {matchJSON, `{"a":1}`, `{"a":1,"b":2}`, false},
		"further members":       {matchJSON, `{"a":1,"…":"…"}`, `{"a":1,"b":2}`, true},
		"any value":             {matchJSON, `{"a":"…"}`, `{"a":{"b":[]}}`, true},
		"any characters":        {matchJSON, `"id …!"`, `"id 7!"`, true},
		"other characters":      {matchJSON, `"id …!"`, `"no 7!"`, false},
		"further element":       {matchJSON, `[1]`, `[1,2]`, false},
		"further elements":      {matchJSON, `[1,"…"]`, `[1,2,3]`, true},
		"too few elements":      {matchJSON, `[1,2,"…"]`, `[1]`, false},
		"another id":            {matchJSON, `"01a200b5-5062-7b25-aef7-91d07a4b3de1"`, `"8a2b104d-74a6-47f2-b93e-c6b611e82391"`, true},
		"no id":                 {matchJSON, `"01a200b5-5062-7b25-aef7-91d07a4b3de1"`, `"x"`, false},
		"another time":          {matchJSON, `"2026-11-22T00:43:32.322Z"`, `"2021-08-10T10:00:00.000Z"`, true},
		"time in another form":  {matchJSON, `"2026-11-22T00:43:32.322Z"`, `"2021-08-10 10:00:00"`, false},
		"null is not missing":   {matchJSON, `{"a":null}`, `{}`, false},
		"printed what is no JS": {matchJSON, `{}`, `curl: (7)`, false},
	} {
		if err := c.match(c.expected, c.printed); (err == nil) != c.want {
			t.Errorf("%s: got %v, want a match: %v", name, err, c.want)
		}
	}
}

func TestReadingPages(t *testing.T) {
	t.Parallel()
	const page = "A\n```sh\none\n```\n\n```json\n1\n```\n```json\nnot expected\n```\n" +
		"```sh\ntwo\n```\ntext between\n```text\nnot expected\n```\n```sh norun: takes long\nthree\n```\n```go\nfour\n```\n"
	got, err := samples(page)
	want := fmt.Sprint([]sample{{3, "one\n", "1\n", "json"}, {13, "two\n", "", ""}})
	if err != nil || fmt.Sprint(got) != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
	for _, info := range []string{"sh norun", "sh norun: ", "sh skip"} {
		if _, err := samples("```" + info + "\nx\n```\n"); err == nil {
			t.Errorf("%s: no error without a reason", info)
		}
	}
}
