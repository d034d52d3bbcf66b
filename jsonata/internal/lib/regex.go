package lib

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// Regex is a compiled JavaScript regular expression. Patterns that have an
// exact form for Go's linear-time engine use that; the others, and texts with
// characters outside the BMP (which JavaScript sees as two units each), use a
// backtracking engine with a limit on time and stack.
type Regex struct {
	Source  string
	Flags   string
	fast    *regexp.Regexp
	slow    *regexp2.Regexp
	once    sync.Once // guards slow and fault
	fault   error
	options regexp2.RegexOptions
	groups  int
	behind  bool       // a match can depend on the text before it
	class   *[128]bool // set when the pattern is one character class
}

// defaultMatchTime bounds one match of the backtracking engine.
const defaultMatchTime = 500 * time.Millisecond

// What a pattern may be: the time to compile one grows faster than its length
// and its depth.
const (
	maxPattern      = 10_000 // bytes
	maxPatternDepth = 50     // groups in groups
)

// ErrPattern refuses a pattern beyond those bounds.
var ErrPattern = errors.New("the regular expression is too large")

// bounded reports whether a pattern may be compiled.
func bounded(pattern string) bool {
	depth, class := 0, false
	for i := 0; i < len(pattern) && depth <= maxPatternDepth; i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case class:
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
	}
	return depth <= maxPatternDepth && len(pattern) <= maxPattern
}

// CompileRegex reads a JavaScript pattern with the flags i and m.
func CompileRegex(pattern, flags string) (*Regex, error) {
	if !bounded(pattern) {
		return nil, ErrPattern
	}
	options := regexp2.ECMAScript
	for _, f := range flags {
		switch f {
		case 'i':
			options |= regexp2.IgnoreCase
		case 'm':
			options |= regexp2.Multiline
		}
	}
	r := &Regex{Source: pattern, Flags: flags, options: options}
	if text, ok := translate(pattern, flags); ok {
		if re, err := regexp.Compile(text); err == nil {
			r.fast, r.behind, r.groups = re, needsContext(re), re.NumSubexp()
			r.class = singleClass(re)
			return r, nil
		}
	}
	slow, err := r.backtracker()
	if err != nil {
		return nil, err
	}
	r.groups = len(slow.GetGroupNumbers()) - 1
	return r, nil
}

// backtracker is the pattern for the backtracking engine, made on first use.
func (r *Regex) backtracker() (*regexp2.Regexp, error) {
	r.once.Do(func() { r.slow, r.fault = compileSlow(r.Source, r.options) })
	return r.slow, r.fault
}

func compileSlow(pattern string, options regexp2.RegexOptions) (*regexp2.Regexp, error) {
	slow, err := regexp2.Compile(unitPattern(pattern), options, regexp2.OptionMaxBacktrackingStackSize(1<<20))
	if err != nil {
		return nil, err
	}
	slow.MatchTimeout = defaultMatchTime
	return slow, nil
}

// unitPattern writes characters outside the BMP as their two UTF-16 units,
// which is how a JavaScript pattern without the u flag sees them.
func unitPattern(pattern string) string {
	if !hasAstral(pattern) {
		return pattern
	}
	var b strings.Builder
	for _, r := range value.Runes(pattern) {
		if r < 0x10000 && (r < 0xD800 || r > 0xDFFF) {
			b.WriteRune(r)
			continue
		}
		for _, u := range value.ToUTF16(value.FromRunes([]rune{r})) {
			fmt.Fprintf(&b, `\u%04x`, u)
		}
	}
	return b.String()
}

// Groups is the number of capturing groups.
func (r *Regex) Groups() int { return r.groups }

// scan walks over the matches of one text.
type scan struct {
	st    *rt.State
	re    *Regex
	text  string
	ascii bool
	runes []rune // UTF-16 units, for the backtracking engine
	loc   []int  // byte or unit offsets of the match and its groups, -1 unmatched
	units bool   // loc counts units of runes, not bytes
}

func newScan(st *rt.State, re *Regex, text string) *scan {
	s := &scan{st: st, re: re, text: text, ascii: value.IsASCII(text)}
	if re.fast == nil || !s.ascii && hasAstral(text) {
		s.units = true
		units := value.ToUTF16(text)
		s.runes = make([]rune, len(units))
		for i, u := range units {
			s.runes[i] = rune(u)
		}
	}
	return s
}

func hasAstral(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0xF0 || s[i] == 0xED {
			return true
		}
	}
	return false
}

// end is the length of the text in the unit of loc.
func (s *scan) end() int {
	if s.units {
		return len(s.runes)
	}
	return len(s.text)
}

// find looks for the first match at or behind from.
func (s *scan) find(from int) bool {
	s.st.Steps(1 + (s.end()-from)>>4)
	if !s.units {
		return s.findFast(from)
	}
	slow, err := s.re.backtracker()
	if err != nil {
		panic(rt.NewError("S0303").Tok(s.re.Source))
	}
	m, err := slow.FindRunesMatchStartingAt(s.runes, from)
	if err != nil {
		s.st.Check()
		msg := "the regular expression took too long"
		if errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
			msg = "the regular expression backtracked too much"
		}
		panic(rt.NewError(rt.CodeLimit).Msg(msg))
	}
	if m == nil {
		return false
	}
	s.loc = s.loc[:0]
	for i := range s.re.groups + 1 {
		g := m.GroupByNumber(i)
		if g == nil || len(g.Captures) == 0 {
			s.loc = append(s.loc, -1, -1)
			continue
		}
		s.loc = append(s.loc, g.RuneIndex, g.RuneIndex+g.RuneLength)
	}
	return true
}

// findFast uses the linear engine. It always sees the whole text, so that
// anchors and word boundaries behind from look at what stands before.
func (s *scan) findFast(from int) bool {
	if from == 0 {
		s.loc = s.re.fast.FindStringSubmatchIndex(s.text)
		return s.loc != nil
	}
	// The first match behind from: matches of the whole text in order are
	// those that a scan from the start would find, because each search goes
	// on where the last one ended.
	rest := s.text[from:]
	if !s.re.behind {
		loc := s.re.fast.FindStringSubmatchIndex(rest)
		if loc == nil {
			return false
		}
		s.loc = s.loc[:0]
		for _, x := range loc {
			if x >= 0 {
				x += from
			}
			s.loc = append(s.loc, x)
		}
		return true
	}
	for _, loc := range s.re.fast.FindAllStringSubmatchIndex(s.text, -1) {
		if loc[0] >= from {
			s.loc = loc
			return true
		}
	}
	return false
}

// piece is group i of the current match, undefined when it took no part.
func (s *scan) piece(i int) value.Value {
	a, b := s.loc[2*i], s.loc[2*i+1]
	if a < 0 {
		return value.Undefined()
	}
	return value.String(s.cut(a, b))
}

func (s *scan) cut(a, b int) string {
	if !s.units {
		return s.text[a:b]
	}
	if s.ascii {
		return s.text[a:b]
	}
	units := make([]uint16, b-a)
	for i, r := range s.runes[a:b] {
		units[i] = uint16(r)
	}
	return value.FromUTF16(units)
}

// unit converts an offset to UTF-16 units.
func (s *scan) unit(off int) int {
	if s.units || s.ascii {
		return off
	}
	return value.UTF16Len(s.text[:off])
}

func (s *scan) groupList() value.Value {
	items := make([]value.Value, s.re.groups)
	for i := range items {
		items[i] = s.piece(i + 1)
	}
	s.st.AllocArray(len(items))
	return value.FromArray(value.NewArray(items))
}

// Invoke makes a regular expression callable: it returns the first match as an
// object whose member next finds the following one.
func (r *Regex) Invoke(st *rt.State, _ value.Value, args []value.Value) value.Value {
	if len(args) == 0 || !args[0].IsString() {
		return value.Undefined()
	}
	from := 0
	if len(args) > 1 {
		from = clampInt(args[1].Float())
	}
	s := newScan(st, r, args[0].Str())
	if from < 0 || from > s.end() || !s.find(from) {
		return value.Undefined()
	}
	return s.object()
}

func (s *scan) object() value.Value {
	start, end := s.loc[0], s.loc[1]
	b := value.NewBuilder(s.st.Tree, 5)
	b.Set("match", s.piece(0))
	b.Set("start", num(float64(s.unit(start))))
	b.Set("end", num(float64(s.unit(end))))
	b.Set("groups", s.groupList())
	next := func(c *rt.Call) value.Value {
		if end >= s.end() || !s.find(end) {
			return value.Undefined()
		}
		if s.loc[0] == s.loc[1] {
			panic(rt.NewError("D1004").Val(value.String(s.re.Source)))
		}
		return s.object()
	}
	b.Set("next", value.FromFunction(rt.NewNative("next", 0, nil, next)))
	s.st.AllocObject(5)
	return b.Value()
}

// PatternError words why a pattern at a place of the expression is refused.
func PatternError(pattern string, pos int, err error) *rt.Error {
	e := rt.NewError("S0303").At(pos)
	if errors.Is(err, ErrPattern) {
		return e.Msg(err.Error())
	}
	return e.Tok(pattern)
}

// RegexValue wraps a regular expression as a function value.
func RegexValue(r *Regex) value.Value {
	return value.FromFunction(&value.Function{Name: "regex", Arity: 2, Impl: r})
}

// asRegex finds the regular expression behind a function argument.
func asRegex(v value.Value) *Regex {
	f := v.Func()
	for f != nil {
		switch impl := f.Impl.(type) {
		case *Regex:
			return impl
		case rt.Closure:
			f = impl.Inner
			continue
		}
		return nil
	}
	return nil
}
