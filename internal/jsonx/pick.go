package jsonx

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Found is a value that Pick found: its text inside the document.
type Found struct {
	// Text is the value as it stands in the document; nil when it is not there.
	Text []byte
	Kind Kind
	// Items is the number of elements of an array.
	Items int
}

// maxPicks bounds the paths of one Pick.
const maxPicks = 32

// Pick checks that text is one JSON document and returns the values at paths of
// member names, without making values of the rest. An empty path is the whole
// document; of members with the same name the last one counts, as everywhere.
// A path does not reach into arrays.
//
// The error is a *SyntaxError. Texts may hold bytes that are not UTF-8.
func Pick(text []byte, paths ...[]string) ([]Found, error) {
	p := picker{text: text, paths: paths, found: make([]Found, len(paths))}
	all := uint32(1)<<min(len(paths), maxPicks) - 1
	p.space()
	if err := p.value(0, all); err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(text) {
		return nil, p.fail("text after the document")
	}
	return p.found, nil
}

// picker walks a document once. wanted has a bit for each path that leads
// through the value at hand.
type picker struct {
	text  []byte
	at    int
	paths [][]string
	found []Found
}

func (p *picker) fail(reason string) error {
	if p.at >= len(p.text) {
		reason = "the text ends early"
	}
	return &SyntaxError{Offset: int64(min(p.at, len(p.text))), Reason: reason}
}

func (p *picker) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// take steps over a byte when it is the next one.
func (p *picker) take(c byte) bool {
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *picker) value(depth int, wanted uint32) error {
	if p.at >= len(p.text) {
		return p.fail("")
	}
	start := p.at
	var kind Kind
	var items int
	var err error
	switch c := p.text[p.at]; {
	case c == '{':
		kind, err = Object, p.object(depth, wanted)
	case c == '[':
		kind = Array
		items, err = p.array(depth)
	case c == '"':
		kind = String
		_, err = p.str()
	case c == '-' || c >= '0' && c <= '9':
		kind, err = Number, p.number()
	default:
		kind, err = p.word()
	}
	if err != nil || wanted == 0 {
		return err
	}
	for i := range p.paths {
		if wanted&(1<<i) != 0 && len(p.paths[i]) == depth {
			p.found[i] = Found{Text: p.text[start:p.at], Kind: kind, Items: items}
		}
	}
	return nil
}

func (p *picker) object(depth int, wanted uint32) error {
	if depth >= lenientDepth {
		return p.fail("nested too deep")
	}
	p.at++
	p.space()
	if p.take('}') {
		return nil
	}
	for {
		if p.at >= len(p.text) || p.text[p.at] != '"' {
			return p.fail("a name is missing")
		}
		name, err := p.str()
		if err != nil {
			return err
		}
		p.space()
		if !p.take(':') {
			return p.fail("a colon is missing")
		}
		p.space()
		if err := p.value(depth+1, p.through(depth, wanted, name)); err != nil {
			return err
		}
		p.space()
		if p.take('}') {
			return nil
		}
		if !p.take(',') {
			return p.fail("a comma is missing")
		}
		p.space()
	}
}

// through returns the paths that go on through a member, and forgets what an
// earlier member of the same name had.
func (p *picker) through(depth int, wanted uint32, quoted []byte) uint32 {
	var on uint32
	for rest := wanted; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros32(rest)
		if len(p.paths[i]) > depth && sameName(quoted, p.paths[i][depth]) {
			on |= 1 << i
			p.found[i] = Found{}
		}
	}
	return on
}

// sameName compares the text of a name, quotes included, with a name.
func sameName(quoted []byte, name string) bool {
	inner := quoted[1 : len(quoted)-1]
	if string(inner) == name {
		return true
	}
	for _, c := range inner {
		if c == '\\' {
			v, err := Parse(quoted)
			return err == nil && v.Str() == name
		}
	}
	return false
}

func (p *picker) array(depth int) (items int, err error) {
	if depth >= lenientDepth {
		return 0, p.fail("nested too deep")
	}
	p.at++
	p.space()
	if p.take(']') {
		return 0, nil
	}
	for {
		if err := p.value(depth+1, 0); err != nil {
			return 0, err
		}
		items++
		p.space()
		if p.take(']') {
			return items, nil
		}
		if !p.take(',') {
			return 0, p.fail("a comma is missing")
		}
		p.space()
	}
}

// str steps over a string and returns its text with the quotes.
func (p *picker) str() ([]byte, error) {
	start := p.at
	p.at++
	for {
		p.ordinary()
		if p.at >= len(p.text) {
			return nil, p.fail("")
		}
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return p.text[start:p.at], nil
		case c == '\\':
			if err := p.escape(); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, p.fail("a control character in a text")
		default:
			p.at++
		}
	}
}

const (
	// shortText is how much of a string is looked at eight bytes at a time, before
	// what costs more to begin with: most end there.
	shortText = 32
	// longText is how far ahead the end of the others is looked for, so that one of
	// many escapes is not searched to its end for each.
	longText = 512
)

// ordinary steps over bytes of a string that mean themselves: it stops at or before a
// quote, a backslash or a control character.
func (p *picker) ordinary() {
	text, at := p.text, p.at
	for end := min(at+shortText, len(text)-7); at < end; at += 8 {
		if found := special(binary.LittleEndian.Uint64(text[at:])); found != 0 {
			p.at = at + bits.TrailingZeros64(found)/8
			return
		}
	}
	for at < len(text) {
		run := text[at:min(at+longText, len(text))]
		if quote := bytes.IndexByte(run, '"'); quote >= 0 {
			run = run[:quote]
		}
		if slash := bytes.IndexByte(run, '\\'); slash >= 0 {
			run = run[:slash]
		}
		n := untilControl(run)
		if at += n; n < longText {
			break
		}
	}
	p.at = at
}

const ones, highs = 0x0101010101010101, 0x8080808080808080

// special has the high bit set of the lowest byte of eight that is a quote, a
// backslash or a control character, and of none below it.
func special(w uint64) uint64 {
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((w-ones*' ')&^w | (quote-ones)&^quote | (slash-ones)&^slash) & highs
}

// control is special for control characters alone.
func control(w uint64) uint64 { return (w - ones*' ') &^ w & highs }

// untilControl is how many bytes come before the first control character.
func untilControl(text []byte) int {
	at := 0
	for ; at+32 <= len(text); at += 32 {
		w := text[at : at+32 : at+32]
		if control(binary.LittleEndian.Uint64(w))|control(binary.LittleEndian.Uint64(w[8:]))|
			control(binary.LittleEndian.Uint64(w[16:]))|control(binary.LittleEndian.Uint64(w[24:])) != 0 {
			break
		}
	}
	for at < len(text) && text[at] >= ' ' {
		at++
	}
	return at
}

func (p *picker) escape() error {
	if p.at+1 >= len(p.text) {
		p.at = len(p.text)
		return p.fail("")
	}
	switch p.text[p.at+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.at += 2
		return nil
	case 'u':
		for i := range 4 {
			at := p.at + 2 + i
			if at >= len(p.text) {
				p.at = len(p.text)
				return p.fail("")
			}
			if !isHex(p.text[at]) {
				return p.fail("an escape that does not exist")
			}
		}
		p.at += 6
		return nil
	}
	return p.fail("an escape that does not exist")
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (p *picker) digits() bool {
	start := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	return p.at > start
}

// number checks RFC 8259 section 6.
func (p *picker) number() error {
	const reason = "a number that is not valid"
	p.take('-')
	if !p.take('0') && !p.digits() {
		return p.fail(reason)
	}
	if p.take('.') && !p.digits() {
		return p.fail(reason)
	}
	if p.take('e') || p.take('E') {
		if !p.take('+') {
			p.take('-')
		}
		if !p.digits() {
			return p.fail(reason)
		}
	}
	return nil
}

func (p *picker) word() (Kind, error) {
	for _, w := range [...]struct {
		text string
		kind Kind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if end := p.at + len(w.text); end <= len(p.text) && string(p.text[p.at:end]) == w.text {
			p.at = end
			return w.kind, nil
		}
	}
	return Missing, p.fail("no value begins like this")
}
