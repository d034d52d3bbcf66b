package jsonx

import (
	"fmt"
	"strconv"
	"strings"
)

// PathError is a text that is no path.
type PathError struct {
	// Position is the place in the text, counted in characters from 0.
	Position int
	Reason   string
}

func (e *PathError) Error() string {
	return fmt.Sprintf("%s at character %d", e.Reason, e.Position)
}

// ParsePath reads a path into a JSON text as At takes it: names with dots
// between them, and the elements of arrays by their number, from the end when it
// is negative: a.b, a.0.b, a[0].b, a[-1].b. A name that holds something else is
// quoted: a["b.c"], a['b.c'], a.`b.c`. $. in front means the whole text, as in
// JSONata. The error is a *PathError.
func ParsePath(text string) ([]string, error) {
	p := pathReader{text: strings.TrimPrefix(text, "$.")}
	p.shift = len(text) - len(p.text)
	var path []string
	for first := true; first || p.at < len(p.text); first = false {
		step, err := p.step(first)
		if err != nil {
			return nil, err
		}
		path = append(path, step)
	}
	return path, nil
}

type pathReader struct {
	text  string
	at    int
	shift int // bytes in front of text
}

func (p *pathReader) fail(at int, reason string) error {
	return &PathError{Position: p.shift + len([]rune(p.text[:at])), Reason: reason}
}

// step reads one name or index with what separates it from the one before.
func (p *pathReader) step(first bool) (string, error) {
	if !first && p.text[p.at] == '.' {
		p.at++
	} else if !first && p.text[p.at] != '[' {
		return "", p.fail(p.at, "a dot or a bracket is missing")
	}
	rest := p.text[p.at:]
	switch {
	case rest == "" || rest[0] == '.':
		return "", p.fail(p.at, "a name is missing")
	case rest[0] == '`':
		return p.quoted('`')
	case rest[0] == '[':
		return p.bracket()
	}
	end := strings.IndexAny(rest, ".[]`\"'")
	if end < 0 {
		end = len(rest)
	}
	if end == 0 || end < len(rest) && rest[end] != '.' && rest[end] != '[' {
		return "", p.fail(p.at+end, "a name with such a character stands in quotes: [\"…\"]")
	}
	p.at += end
	return rest[:end], nil
}

// bracket reads [0], [-1] or ["name"].
func (p *pathReader) bracket() (step string, err error) {
	p.at++
	rest := p.text[p.at:]
	if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
		step, err = p.quoted(rest[0])
	} else {
		step, _, _ = strings.Cut(rest, "]")
		if n, notNumber := strconv.Atoi(step); notNumber != nil || strconv.Itoa(n) != step {
			return "", p.fail(p.at, "a whole number or a name in quotes is missing")
		}
		p.at += len(step)
	}
	if err != nil {
		return "", err
	}
	if p.at >= len(p.text) || p.text[p.at] != ']' {
		return "", p.fail(p.at, "a closing bracket is missing")
	}
	p.at++
	return step, nil
}

func (p *pathReader) quoted(quote byte) (string, error) {
	start := p.at + 1
	end := strings.IndexByte(p.text[start:], quote)
	switch {
	case end < 0:
		return "", p.fail(p.at, "a closing quote is missing")
	case end == 0:
		return "", p.fail(start, "a name is missing")
	}
	p.at = start + end + 1
	return p.text[start : start+end], nil
}

// IsIndex reports whether a step of a path may be an element of an array.
func IsIndex(step string) bool {
	n, err := strconv.Atoi(step)
	return err == nil && strconv.Itoa(n) == step
}

// Follow returns what is at a path of a JSON text, nil when nothing is. Unlike
// Pick it reaches into arrays, and reads only what it leads through.
func Follow(text []byte, path []string) ([]byte, error) {
	for _, step := range path {
		found, err := Pick(text, []string{step})
		if err != nil {
			return nil, err
		}
		next := found[0].Text
		if next == nil {
			next = element(text, step)
		}
		if next == nil {
			return nil, nil
		}
		text = next
	}
	return text, nil
}

// element returns an element of a JSON text that is a well-formed array, nil
// when it is none or has no such element.
func element(text []byte, step string) []byte {
	i, err := strconv.Atoi(step)
	p := picker{text: text}
	p.space()
	if err != nil || !p.take('[') {
		return nil
	}
	var spans [][2]int
	for p.space(); !p.take(']') && (i < 0 || len(spans) <= i); p.space() {
		start := p.at
		if p.value(0, 0) != nil {
			return nil
		}
		spans = append(spans, [2]int{start, p.at})
		p.space()
		p.take(',')
	}
	if i < 0 {
		i += len(spans)
	}
	if i < 0 || i >= len(spans) {
		return nil
	}
	return text[spans[i][0]:spans[i][1]]
}
