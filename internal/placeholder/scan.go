package placeholder

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	opening = "{{"
	closing = "}}"
)

// MaxHolders bounds the placeholders of one template.
const MaxHolders = 10_000

// SyntaxError says what is wrong with a placeholder.
type SyntaxError struct {
	// Path is the dotted place of the text in the template, "" at the root.
	Path string
	// Offset is the byte offset of the mistake in the text.
	Offset int
	// Placeholder is the text from {{ to }}.
	Placeholder string
	Reason      string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("placeholder %s: %s (character %d)", e.Placeholder, e.Reason, e.Offset+1)
}

// piece is a stretch of a text: a literal, or a placeholder.
type piece struct {
	literal string
	holder  *holder
	offset  int
}

// scan takes a text apart. Braces around anything that no placeholder may
// hold are literal text. room is how many placeholders there may be.
func scan(text string, room int) ([]piece, error) {
	var pieces []piece
	from := 0
	for at := 0; ; {
		start := strings.Index(text[at:], opening)
		if start < 0 {
			break
		}
		start += at
		length := bodyLength(text[start+len(opening):])
		end := start + len(opening) + length
		if length == 0 || !strings.HasPrefix(text[end:], closing) {
			at = start + 1 // {{{a}}} holds a placeholder one brace later
			continue
		}
		end += len(closing)
		h, err := parse(text[start:end], start)
		if room--; err == nil && room < 0 {
			err = h.fail(start, fmt.Sprintf("a template has at most %d placeholders", MaxHolders))
		}
		if err != nil {
			return nil, err
		}
		if from < start {
			pieces = append(pieces, piece{literal: text[from:start], offset: from})
		}
		pieces = append(pieces, piece{holder: h, offset: start})
		from, at = end, end
	}
	if from < len(text) {
		pieces = append(pieces, piece{literal: text[from:], offset: from})
	}
	return pieces, nil
}

// bodyLength measures the characters that may stand in a placeholder.
func bodyLength(s string) int {
	n := 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !isWord(r) && !strings.ContainsRune("-./|:?", r) && !isSpace(r) {
			break
		}
		n += size
	}
	return n
}

func isWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
}

// isSpace reports whether r is white space in ECMAScript.
func isSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', '\u00A0', '\u1680', '\u2028', '\u2029', '\u202F', '\u205F', '\u3000', '\uFEFF':
		return true
	}
	return r >= '\u2000' && r <= '\u200A'
}

func trim(s string) string { return strings.TrimFunc(s, isSpace) }
