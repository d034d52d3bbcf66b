package jsonx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// DefaultDepth is how deep arrays and objects may nest unless told otherwise.
const DefaultDepth = 100

// SyntaxError says why a text is not the JSON that was asked for.
type SyntaxError struct {
	// Pointer is the place as a JSON Pointer (RFC 6901), "" for the root.
	Pointer string
	// Offset is the byte offset in the text.
	Offset int64
	// Reason is a short clause such as "member occurs twice".
	Reason string
}

func (e *SyntaxError) Error() string {
	if e.Pointer == "" {
		return fmt.Sprintf("%s (byte %d)", e.Reason, e.Offset)
	}
	return fmt.Sprintf("%s at %s (byte %d)", e.Reason, e.Pointer, e.Offset)
}

// Parse reads one JSON text (RFC 8259) and refuses what is ambiguous or
// hostile: members that occur twice, invalid UTF-8, U+0000 in strings, nesting
// beyond DefaultDepth, anything behind the value. Errors are *SyntaxError.
func Parse(text []byte) (Value, error) { return ParseDepth(text, DefaultDepth) }

// ParseDepth is Parse with another limit on nesting.
func ParseDepth(text []byte, depth int) (Value, error) {
	return (&parser{dec: jsontext.NewDecoder(bytes.NewBuffer(text)), depth: depth}).whole()
}

// whole reads the one value that the text holds.
func (p *parser) whole() (Value, error) {
	v, err := p.value()
	if err != nil {
		return Value{}, err
	}
	if _, err := p.dec.ReadToken(); err == nil {
		return Value{}, p.fail("more than one value")
	} else if !errors.Is(err, io.EOF) {
		return Value{}, p.syntax(err)
	}
	return v, nil
}

// ParseString is Parse for text that is a string.
func ParseString(text string) (Value, error) {
	if text == "{}" {
		return ObjectValue(), nil
	}
	return Parse([]byte(text))
}

// MustParse parses text that the program itself holds; it panics otherwise.
func MustParse(text string) Value {
	v, err := ParseString(text)
	if err != nil {
		panic(fmt.Sprintf("jsonx: constant %q: %v", text, err))
	}
	return v
}

type parser struct {
	dec   *jsontext.Decoder
	depth int
	// lenient lets members occur twice and U+0000 stand.
	lenient bool
}

func (p *parser) value() (Value, error) {
	token, err := p.dec.ReadToken()
	if err != nil {
		return Value{}, p.syntax(err)
	}
	switch token.Kind() {
	case 'n':
		return NullValue(), nil
	case 't', 'f':
		return BoolValue(token.Bool()), nil
	case '"':
		return p.text(token)
	case '0':
		return Value{kind: Number, text: token.String()}, nil
	case '[':
		return p.array()
	case '{':
		return p.object()
	}
	return Value{}, p.fail("unexpected token")
}

func (p *parser) text(token jsontext.Token) (Value, error) {
	s := token.String()
	if !p.lenient && strings.IndexByte(s, 0) >= 0 {
		return Value{}, p.fail("character U+0000 in a string")
	}
	return StringValue(s), nil
}

func (p *parser) array() (Value, error) {
	if p.dec.StackDepth() > p.depth {
		return Value{}, p.fail(fmt.Sprintf("nested deeper than %d", p.depth))
	}
	items := []Value{}
	for p.dec.PeekKind() != ']' {
		item, err := p.value()
		if err != nil {
			return Value{}, err
		}
		items = append(items, item)
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return Value{}, p.syntax(err)
	}
	return Value{kind: Array, items: items}, nil
}

func (p *parser) object() (Value, error) {
	if p.dec.StackDepth() > p.depth {
		return Value{}, p.fail(fmt.Sprintf("nested deeper than %d", p.depth))
	}
	var list []Member
	for p.dec.PeekKind() != '}' {
		token, err := p.dec.ReadToken()
		if err != nil {
			return Value{}, p.syntax(err)
		}
		name, err := p.text(token)
		if err != nil {
			return Value{}, err
		}
		value, err := p.value()
		if err != nil {
			return Value{}, err
		}
		list = append(list, Member{name.text, value})
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return Value{}, p.syntax(err)
	}
	if p.lenient {
		return ObjectValue(list...), nil
	}
	return Value{kind: Object, members: newMembers(list)}, nil
}

func (p *parser) fail(reason string) error {
	return &SyntaxError{Pointer: string(p.dec.StackPointer()), Offset: p.dec.InputOffset(), Reason: reason}
}

// syntax turns the library's error into ours, in our words.
func (p *parser) syntax(err error) error {
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return p.fail("text ends too early")
		}
		return p.fail("unreadable text")
	}
	e := &SyntaxError{Pointer: string(syntactic.JSONPointer), Offset: syntactic.ByteOffset}
	switch cause := syntactic.Err; {
	case errors.Is(cause, jsontext.ErrDuplicateName):
		e.Reason = "member occurs twice"
	case errors.Is(cause, io.ErrUnexpectedEOF), errors.Is(cause, io.EOF):
		e.Reason = "text ends too early"
	case errors.Is(cause, jsontext.ErrNonStringName):
		e.Reason = "member name is not a string"
	case cause != nil && strings.Contains(cause.Error(), "UTF-8"):
		e.Reason = "invalid UTF-8"
	default:
		e.Reason = "not valid JSON"
	}
	return e
}

// Valid reports whether text is one JSON value by the rules of Parse.
func Valid(text []byte) bool {
	_, err := Parse(text)
	return err == nil
}

// ValidText reports whether s may stand in a JSON string of ours: valid UTF-8
// without U+0000.
func ValidText(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}
