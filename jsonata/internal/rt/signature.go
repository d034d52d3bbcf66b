package rt

import (
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Signature is a parsed function signature such as <s-(sf)n?:a<s>>.
type Signature struct {
	Text   string
	params []param
}

// param is one parameter of a signature. The types that it takes are letters:
// s n b l (null) o a f and m for a missing argument.
type param struct {
	kind     byte // the letter, '(' for a choice
	types    string
	subtype  string
	context  bool // use the context when the argument is missing
	min, max int  // how many arguments it takes
	lazy     bool
}

const unbounded = 1 << 30

// ParseSignature reads a signature in angle brackets. The error carries the
// offset of the fault as its position.
func ParseSignature(text string) (*Signature, error) {
	p := sigParser{text: text, pos: 1}
	var err error
	func() {
		defer Catch(&err)
		p.run()
	}()
	if err != nil {
		return nil, err
	}
	return &Signature{Text: text, params: p.params}, nil
}

// MustSignature is ParseSignature for signatures in the source code.
func MustSignature(text string) *Signature {
	s, err := ParseSignature(text)
	if err != nil {
		panic(err)
	}
	return s
}

type sigParser struct {
	text   string
	pos    int
	params []param
}

func (p *sigParser) add(q param) {
	q.min, q.max = 1, 1
	p.params = append(p.params, q)
}

func (p *sigParser) run() {
	for p.pos < len(p.text) && p.text[p.pos] != ':' {
		c := p.text[p.pos]
		switch c {
		case 's', 'n', 'b', 'l', 'o':
			p.add(param{kind: c, types: string(c) + "m"})
		case 'a':
			p.add(param{kind: c, types: "asnblfom"})
		case 'f':
			p.add(param{kind: c, types: "f"})
		case 'j':
			p.add(param{kind: c, types: "asnblom"})
		case 'x':
			p.add(param{kind: c, types: "asnblfom"})
		case '-', '?', '+':
			p.modifier(c)
		case '(':
			end := p.closing('(', ')')
			choice := p.text[min(p.pos+1, end):end]
			if strings.Contains(choice, "<") {
				Throw(NewError("S0402").Val(value.String(choice)).At(p.pos))
			}
			p.add(param{kind: c, types: choice + "m"})
			p.pos = end
		case '<':
			p.parameter()
		}
		p.pos++
	}
}

func (p *sigParser) modifier(c byte) {
	if len(p.params) == 0 {
		return
	}
	q := &p.params[len(p.params)-1]
	switch {
	case c == '-':
		q.context = true
		q.min = 0
	case c == '+':
		q.max = unbounded
	case q.min == 0:
		q.lazy = true
	default:
		q.min = 0
	}
}

func (p *sigParser) parameter() {
	var kind byte
	if len(p.params) > 0 {
		kind = p.params[len(p.params)-1].kind
	}
	if kind != 'a' && kind != 'f' {
		Throw(NewError("S0401").Val(value.String(string(kind))).At(p.pos))
	}
	end := p.closing('<', '>')
	p.params[len(p.params)-1].subtype = p.text[min(p.pos+1, end):end]
	p.pos = end
}

// closing finds the bracket that closes the one at the current position.
func (p *sigParser) closing(open, end byte) int {
	depth := 1
	i := p.pos
	for i < len(p.text) {
		i++
		if i == len(p.text) {
			break
		}
		switch p.text[i] {
		case end:
			if depth--; depth == 0 {
				return i
			}
		case open:
			depth++
		}
	}
	return i
}

// Symbol is the signature letter of a value.
func Symbol(v value.Value) byte {
	switch v.Kind() {
	case value.KindNull:
		return 'l'
	case value.KindBool:
		return 'b'
	case value.KindNumber:
		return 'n'
	case value.KindString:
		return 's'
	case value.KindArray:
		return 'a'
	case value.KindObject, value.KindHost:
		return 'o'
	case value.KindFunction:
		return 'f'
	}
	return 'm'
}

// Validate checks arguments and returns them as the function wants to see
// them: the context put in where the signature allows it, single values
// wrapped where it asks for arrays.
func (s *Signature) Validate(args []value.Value, context value.Value) []value.Value {
	if s.direct(args) {
		return args
	}
	letters := make([]byte, len(args))
	for i, a := range args {
		letters[i] = Symbol(a)
	}
	counts := make([]int, len(s.params))
	if !s.match(letters, 0, 0, counts) {
		s.mismatch(args, letters)
	}
	return s.collect(args, letters, counts, context)
}

// direct reports whether each argument fits its parameter as it stands.
func (s *Signature) direct(args []value.Value) bool {
	if len(args) != len(s.params) {
		return false
	}
	for i, a := range args {
		p := &s.params[i]
		if p.max > 1 || p.lazy {
			return false
		}
		letter := Symbol(a)
		if p.kind == 'a' && (letter != 'a' || p.subtype != "" && !p.itemsFit(a, letter, 1)) {
			return false
		}
		if strings.IndexByte(p.types, letter) < 0 {
			return false
		}
	}
	return true
}

// match assigns letters to parameters the way a regular expression would,
// greedy from the left with backtracking. counts gets the number taken by each.
func (s *Signature) match(letters []byte, at, index int, counts []int) bool {
	if index == len(s.params) {
		return at == len(letters)
	}
	p := &s.params[index]
	limit := 0
	for limit < p.max && at+limit < len(letters) && strings.IndexByte(p.types, letters[at+limit]) >= 0 {
		limit++
	}
	if p.lazy {
		for n := p.min; n <= limit; n++ {
			if s.match(letters, at+n, index+1, counts) {
				counts[index] = n
				return true
			}
		}
		return false
	}
	for n := limit; n >= p.min; n-- {
		if s.match(letters, at+n, index+1, counts) {
			counts[index] = n
			return true
		}
	}
	return false
}

// mismatch raises the error for the first argument that does not fit.
func (s *Signature) mismatch(args []value.Value, letters []byte) {
	good := 0
	for i := range s.params {
		prefix := Signature{params: s.params[:i+1]}
		n, ok := prefix.matchPrefix(letters)
		if !ok {
			break
		}
		good = n
	}
	var bad value.Value
	if good < len(args) {
		bad = args[good]
	}
	Throw(NewError("T0410").Val(bad).Arg(good + 1))
}

func (s *Signature) matchPrefix(letters []byte) (int, bool) {
	counts := make([]int, len(s.params))
	for n := len(letters); n >= 0; n-- {
		if s.match(letters[:n], 0, 0, counts) {
			return n, true
		}
	}
	return 0, false
}

func (s *Signature) collect(args []value.Value, letters []byte, counts []int, context value.Value) []value.Value {
	out := make([]value.Value, 0, len(s.params))
	at := 0
	for i := range s.params {
		p := &s.params[i]
		if counts[i] == 0 {
			switch {
			case !p.context:
				var a value.Value
				if at < len(args) {
					a = args[at]
				}
				out = append(out, a)
				at++
			case strings.IndexByte(p.types, Symbol(context)) >= 0:
				out = append(out, context)
			default:
				Throw(NewError("T0411").Val(context).Arg(at + 1))
			}
			continue
		}
		for range counts[i] {
			var a value.Value
			if at < len(args) {
				a = args[at]
			}
			if p.kind == 'a' && at < len(args) {
				a = p.array(a, letters[at], counts[i], at)
			}
			out = append(out, a)
			at++
		}
	}
	return out
}

// array turns an argument for an array parameter into an array and checks the
// type of its items.
func (p *param) array(a value.Value, letter byte, count, at int) value.Value {
	if letter == 'm' {
		return value.Undefined()
	}
	if p.subtype != "" && !p.itemsFit(a, letter, count) {
		Throw(NewError("T0412").Val(a).Arg(at + 1).Want(typeNames(p.subtype)))
	}
	if letter != 'a' {
		return value.ArrayOf(a)
	}
	return a
}

func (p *param) itemsFit(a value.Value, letter byte, count int) bool {
	if letter != 'a' {
		return count == 1 && string(letter) == p.subtype
	}
	arr := a.Arr()
	n := arr.Len()
	if arr.IsRange() {
		return p.subtype[0] == 'n'
	}
	for i := range n {
		if Symbol(arr.At(i)) != p.subtype[0] {
			return false
		}
	}
	return true
}

func typeNames(subtype string) string {
	switch subtype {
	case "a":
		return "arrays"
	case "b":
		return "booleans"
	case "f":
		return "functions"
	case "n":
		return "numbers"
	case "o":
		return "objects"
	case "s":
		return "strings"
	}
	return subtype
}

// Params is the number of parameters.
func (s *Signature) Params() int { return len(s.params) }

// UsesContext reports whether the context can stand in for an argument.
func (s *Signature) UsesContext() bool {
	for i := range s.params {
		if s.params[i].context {
			return true
		}
	}
	return false
}
