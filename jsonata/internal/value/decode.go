package value

import (
	"fmt"
	"math/bits"
	"strings"
	"sync"
	"unicode/utf8"
)

// SyntaxError tells where a text stops being JSON.
type SyntaxError struct {
	Offset int // in bytes
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at offset %d: %s", e.Offset, e.Reason)
}

// Mask says which parts of a document are wanted. The decoder checks the rest
// but makes no values of it. Arrays are looked through: a mask applies to
// every item.
type Mask struct {
	All  bool // the whole value
	Span bool // the whole value may be written, only the listed members are read
	Keys []string
	Subs []*Mask
}

// child finds the mask of a member, nil when it is not wanted.
func (m *Mask) child(key string) *Mask {
	if m.All {
		return m
	}
	for i, k := range m.Keys {
		if k == key {
			return m.Subs[i]
		}
	}
	return nil
}

var wantAll = &Mask{All: true}

// treeLimit is the size from which a pooled tree is thrown away.
const treeLimit = 2048

var decoders = sync.Pool{New: func() any { return &decoder{tree: NewTree()} }}

type decoder struct {
	s     string
	pos   int
	depth int
	plain bool // no white space outside strings and no escapes so far
	tree  *Tree
	stack []Value
	vals  []Value
	objs  []Object
	arrs  []Array
	raws  rawSlab
	open  []byte // brackets that are open in what is skipped
	mixed int    // bytes of text left, for sizing the slabs
}

// Decode reads one JSON document. The values keep a private copy of the text
// alive.
func Decode(data []byte) (Value, error) { return DecodeString(string(data)) }

// DecodeString reads one JSON document; strings of the result share its memory.
func DecodeString(s string) (Value, error) { return decode(s, wantAll) }

// DecodeShared reads the wanted parts of a JSON document without copying its
// text, which must not change as long as any part of the result is in use.
// The result is undefined when the mask is nil.
func DecodeShared(data []byte, mask *Mask) (Value, error) {
	return decode(viewString(data), mask)
}

func decode(s string, mask *Mask) (Value, error) {
	d := decoders.Get().(*decoder)
	d.s, d.pos, d.depth, d.plain = s, 0, 0, true
	d.mixed = len(s)
	v, err := d.document(mask)
	d.s = ""
	clear(d.stack[:cap(d.stack)])
	d.stack, d.open = d.stack[:0], d.open[:0]
	d.vals, d.objs, d.arrs, d.raws.free = nil, nil, nil, nil
	if d.tree.Size() > treeLimit {
		d.tree = NewTree()
	}
	decoders.Put(d)
	return v, err
}

func (d *decoder) document(mask *Mask) (v Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			v, err = Value{}, e
		}
	}()
	d.space()
	if mask == nil {
		d.skip()
	} else {
		v = d.value(mask)
	}
	d.space()
	if d.pos != len(d.s) {
		d.fail("text after the document")
	}
	return v, nil
}

func (d *decoder) fail(reason string) {
	panic(&SyntaxError{Offset: d.pos, Reason: reason})
}

func (d *decoder) space() {
	s, i := d.s, d.pos
	if i < len(s) && s[i] > ' ' {
		return
	}
	start := i
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	if i > start {
		d.plain = false
	}
	d.pos = i
}

func (d *decoder) peek() byte {
	if d.pos >= len(d.s) {
		d.fail("unexpected end")
	}
	return d.s[d.pos]
}

func (d *decoder) value(mask *Mask) Value {
	switch c := d.peek(); c {
	case '{':
		return d.object(mask)
	case '[':
		return d.array(mask)
	case '"':
		return String(d.text())
	case 't':
		d.literal("true")
		return Bool(true)
	case 'f':
		d.literal("false")
		return Bool(false)
	case 'n':
		d.literal("null")
		return Null()
	default:
		start := d.pos
		d.number()
		return parseNumber(d.s[start:d.pos], &d.raws)
	}
}

func (d *decoder) literal(word string) {
	if !strings.HasPrefix(d.s[d.pos:], word) {
		d.fail("unknown word")
	}
	d.pos += len(word)
}

func (d *decoder) number() {
	end := scanNumber(d.s, d.pos)
	if end == d.pos {
		d.fail("unexpected character")
	}
	d.pos = end
}

func (d *decoder) enter() {
	d.pos++
	d.depth++
	if d.depth > maxDepth {
		d.fail("nested too deeply")
	}
	d.space()
}

func (d *decoder) array(mask *Mask) Value {
	d.enter()
	base := len(d.stack)
	if d.peek() == ']' {
		d.pos++
		d.depth--
		return FromArray(d.newArray(nil))
	}
	for {
		d.stack = append(d.stack, d.value(mask))
		d.space()
		c := d.peek()
		d.pos++
		if c == ']' {
			break
		}
		if c != ',' {
			d.pos--
			d.fail("expected , or ] in an array")
		}
		d.space()
	}
	d.depth--
	return FromArray(d.newArray(d.take(base)))
}

func (d *decoder) object(mask *Mask) Value {
	start, outer := d.pos, d.plain
	d.plain = true
	d.enter()
	base := len(d.stack)
	node := d.tree.Root()
	var wide *Builder // takes over when the object is too wide for the tree
	part := false
	if d.peek() == '}' {
		d.pos++
	} else {
		for {
			if d.peek() != '"' {
				d.fail("expected a member name")
			}
			var next *Node
			key := ""
			if n := node.last; n != nil && n.plain && d.ahead(n.key) {
				next, key = n, n.key
				d.pos += len(key) + 2
			} else {
				key = d.text()
			}
			d.space()
			if d.peek() != ':' {
				d.fail("expected : after a member name")
			}
			d.pos++
			d.space()
			sub := mask.child(key)
			if sub == nil {
				part = true
				d.skip()
			} else {
				v := d.value(sub)
				if wide == nil {
					if next == nil {
						next = d.tree.Child(node, key, true)
					}
					switch {
					case next == nil:
						wide = d.widen(node, base)
						wide.Set(strings.Clone(key), v)
					case next.dup >= 0:
						d.stack[base+next.dup] = v
						d.plain = false
					default:
						node = next
						d.stack = append(d.stack, v)
					}
				} else {
					wide.Set(strings.Clone(key), v)
				}
			}
			d.space()
			c := d.peek()
			d.pos++
			if c == '}' {
				break
			}
			if c != ',' {
				d.pos--
				d.fail("expected , or } in an object")
			}
			d.space()
		}
	}
	d.depth--
	o := d.newObject()
	if wide != nil {
		*o = *wide.Object()
	} else {
		o.shape = node.Shape()
		o.vals = d.take(base)
	}
	if mask.Span || mask.All {
		if d.plain && wide == nil {
			o.src = d.s[start:d.pos]
		} else if part {
			o.src = compact(d.s[start:d.pos])
		}
		o.part = part
	}
	d.plain = d.plain && outer
	return FromObject(o)
}

// ahead reports whether the next token is the given key without escapes.
func (d *decoder) ahead(key string) bool {
	end := d.pos + len(key) + 2
	return end <= len(d.s) && d.s[end-1] == '"' && d.s[d.pos+1:end-1] == key
}

func plainKey(key string) bool {
	for i := 0; i < len(key); i++ {
		if c := key[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (d *decoder) widen(node *Node, base int) *Builder {
	keys := node.Keys()
	b := &Builder{vals: make([]Value, 0, 2*len(keys))}
	for i, k := range keys {
		b.Set(k, d.stack[base+i])
	}
	d.stack = d.stack[:base]
	return b
}

const slabMax = 4096

// slab is how many items of about size bytes of source text to allocate at once.
func (d *decoder) slab(size int) int {
	n := (d.mixed - d.pos) / size
	return min(max(n, 4), slabMax)
}

func (d *decoder) take(base int) []Value {
	n := len(d.stack) - base
	if n == 0 {
		return nil
	}
	if len(d.vals) < n {
		if n >= slabMax/4 {
			out := make([]Value, n)
			copy(out, d.stack[base:])
			d.stack = d.stack[:base]
			return out
		}
		d.vals = make([]Value, max(n, d.slab(20)))
	}
	out := d.vals[:n:n]
	d.vals = d.vals[n:]
	copy(out, d.stack[base:])
	d.stack = d.stack[:base]
	return out
}

func (d *decoder) newObject() *Object {
	if len(d.objs) == 0 {
		d.objs = make([]Object, min(d.slab(120), 512))
	}
	o := &d.objs[0]
	d.objs = d.objs[1:]
	return o
}

func (d *decoder) newArray(items []Value) *Array {
	if len(d.arrs) == 0 {
		d.arrs = make([]Array, min(d.slab(200), 512))
	}
	a := &d.arrs[0]
	d.arrs = d.arrs[1:]
	a.items = items
	return a
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plainRun returns the first position from i on whose byte is a quote, a
// backslash, a control character or not ASCII.
func plainRun(s string, i int) int {
	for i+8 <= len(s) {
		x := le64(s, i)
		q := x ^ ones*'"'
		b := x ^ ones*'\\'
		m := ((q-ones)&^q | (b-ones)&^b | (x-ones*' ')&^x | x) & highs
		if m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(s) {
		if c := s[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
		i++
	}
	return i
}

func le64(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// text reads a string token, sharing the source when it has no escapes.
func (d *decoder) text() string {
	d.pos++
	start := d.pos
	i := plainRun(d.s, start)
	for i < len(d.s) && d.s[i] >= utf8.RuneSelf {
		_, n := utf8.DecodeRuneInString(d.s[i:])
		if n == 1 {
			d.pos = i
			d.fail("invalid UTF-8")
		}
		i = plainRun(d.s, i+n)
	}
	if i >= len(d.s) {
		d.pos = i
		d.fail("unterminated string")
	}
	if d.s[i] == '"' {
		d.pos = i + 1
		return d.s[start:i]
	}
	d.pos = i
	d.plain = false
	return d.escaped(start)
}

func (d *decoder) escaped(start int) string {
	buf := make([]byte, 0, 2*(d.pos-start)+16)
	buf = append(buf, d.s[start:d.pos]...)
	for {
		c := d.peek()
		switch {
		case c == '"':
			d.pos++
			return viewString(buf)
		case c < ' ':
			d.fail("control character in a string")
		case c == '\\':
			buf = AppendRune(buf, d.escape())
		default:
			end := plainRun(d.s, d.pos)
			if end == d.pos {
				_, n := utf8.DecodeRuneInString(d.s[d.pos:])
				if n == 1 {
					d.fail("invalid UTF-8")
				}
				end = d.pos + n
			}
			buf = append(buf, d.s[d.pos:end]...)
			d.pos = end
		}
	}
}

func (d *decoder) escape() rune {
	d.pos++
	c := d.peek()
	d.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c)
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'u':
		if r, ok := hex4(d.s[d.pos:]); ok {
			d.pos += 4
			return r
		}
	}
	d.pos--
	d.fail("invalid escape")
	return 0
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
