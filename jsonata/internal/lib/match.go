package lib

import (
	"math"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/rt"
	"github.com/sinewhq/sinew/jsonata/internal/value"
)

// found is one match, from a regular expression or from a matcher function of
// the expression.
type found struct {
	start, end int // UTF-16 units, or bytes when bytes is set
	text       value.Value
	groups     func() value.Value
	group      func(i int) (value.Value, bool)
	count      int
	object     value.Value // set for matcher functions
	done       bool        // set by the visitor that needs nothing more
}

// eachMatch calls visit for the matches of a pattern in text until it returns
// false. cut gives a piece of the text in the unit of start and end.
func eachMatch(c *rt.Call, pattern value.Value, s string, visit func(m *found, cut func(a, b int) string) bool) {
	if re := asRegex(pattern); re != nil {
		eachRegex(c.State, re, s, visit)
		return
	}
	units := value.ToUTF16(s)
	cut := func(a, b int) string {
		a, b = max(min(a, len(units)), 0), max(min(b, len(units)), 0)
		if a > b {
			a, b = b, a
		}
		return value.FromUTF16(units[a:b])
	}
	m := matcherResult(c, rt.Apply(c.State, pattern.Func(), value.Undefined(), []value.Value{value.String(s)}, nil))
	for !m.IsUndefined() {
		f := foundIn(m)
		more := visit(f, cut)
		if f.done {
			return
		}
		// The next match is looked for even when the limit is reached.
		next := Member(m, "next").Func()
		if next == nil {
			panic(rt.NewError("T1006"))
		}
		m = matcherResult(c, rt.Apply(c.State, next, value.Undefined(), []value.Value{value.Undefined()}, nil))
		if !more {
			return
		}
	}
}

func eachRegex(st *rt.State, re *Regex, s string, visit func(m *found, cut func(a, b int) string) bool) {
	sc := newScan(st, re, s)
	from := 0
	f := &found{count: re.groups, groups: sc.groupList}
	f.group = func(i int) (value.Value, bool) {
		if i < 1 || i > re.groups {
			return value.Undefined(), false
		}
		return sc.piece(i), true
	}
	more := true
	for first := true; ; first = false {
		if !first && from >= sc.end() || !sc.find(from) {
			return
		}
		if !first && sc.loc[0] == sc.loc[1] {
			panic(rt.NewError("D1004").Val(value.String(re.Source)))
		}
		if !more {
			return
		}
		f.start, f.end, f.text = sc.loc[0], sc.loc[1], sc.piece(0)
		from = sc.loc[1]
		f.object = value.Undefined()
		more = visit(f, sc.cut)
		if f.done {
			return
		}
	}
}

// matcherResult checks what a matcher function returned.
func matcherResult(c *rt.Call, m value.Value) value.Value {
	if !ScriptTruthy(m) {
		if m.IsUndefined() {
			return m
		}
		panic(rt.NewError("T1010"))
	}
	if !Member(m, "start").IsNumber() && !Member(m, "groups").IsArray() && !Member(m, "next").IsFunction() {
		panic(rt.NewError("T1010"))
	}
	return m
}

func foundIn(m value.Value) *found {
	groups := Member(m, "groups")
	f := &found{
		start: clampInt(Member(m, "start").Float()), end: clampInt(Member(m, "end").Float()),
		text: Member(m, "match"), object: m,
	}
	f.groups = func() value.Value { return groups }
	if a := groups.Arr(); a != nil {
		f.count = a.Len()
	}
	f.group = func(i int) (value.Value, bool) {
		if i < 1 || i > f.count {
			return value.Undefined(), false
		}
		return groups.Arr().At(i - 1), true
	}
	return f
}

// limitOf reads the limit argument of match, replace and split.
func limitOf(v value.Value, code string, index int) float64 {
	if v.IsUndefined() {
		return math.Inf(1)
	}
	if v.Float() < 0 {
		panic(rt.NewError(code).Val(v).Arg(index))
	}
	return v.Float()
}

func contains(c *rt.Call) value.Value {
	s, token := c.Arg(0), c.Arg(1)
	if s.IsUndefined() || token.IsUndefined() {
		return value.Undefined()
	}
	if token.IsString() {
		return value.Bool(strings.Contains(s.Str(), token.Str()))
	}
	return value.Bool(matches(c, token, s.Str()))
}

func matches(c *rt.Call, pattern value.Value, s string) bool {
	if re := asRegex(pattern); re != nil {
		if re.fast != nil && (value.IsASCII(s) || !hasAstral(s)) {
			c.State.Steps(1 + len(s)>>4)
			return re.fast.MatchString(s)
		}
	}
	hit := false
	eachMatch(c, pattern, s, func(m *found, _ func(a, b int) string) bool {
		hit, m.done = true, true
		return false
	})
	return hit
}

func match(c *rt.Call) value.Value {
	s := c.Arg(0)
	if s.IsUndefined() {
		return s
	}
	limit := limitOf(c.Arg(2), "D3040", 3)
	var out []value.Value
	if limit > 0 {
		re := asRegex(c.Arg(1))
		n := 0.0
		var sc *scan
		if re != nil {
			sc = newScan(c.State, re, s.Str())
		}
		eachMatch(c, c.Arg(1), s.Str(), func(m *found, _ func(a, b int) string) bool {
			var start float64
			if sc != nil {
				start = float64(sc.unit(m.start))
			} else {
				start = Member(m.object, "start").Float()
			}
			c.State.AllocObject(3)
			b := value.NewBuilder(c.State.Tree, 3)
			b.Set("match", m.text)
			b.Set("index", num(start))
			b.Set("groups", m.groups())
			out = c.State.Push(out, b.Value())
			n++
			return n < limit
		})
	}
	return listOf(out)
}

func split(c *rt.Call) value.Value {
	s := c.Arg(0)
	if s.IsUndefined() {
		return s
	}
	limit := limitOf(c.Arg(2), "D3020", 3)
	var out []value.Value
	switch {
	case !(limit > 0):
	case c.Arg(1).IsFunction():
		out = splitPattern(c, s.Str(), limit)
	default:
		if !math.IsInf(limit, 1) {
			limit = math.Trunc(limit)
		}
		out = splitText(c, s, limit)
	}
	return value.FromArray(value.NewArray(out))
}

func splitPattern(c *rt.Call, s string, limit float64) []value.Value {
	var out []value.Value
	n := 0.0
	start := 0
	var cutter func(a, b int) string
	end := 0
	eachMatch(c, c.Arg(1), s, func(m *found, cut func(a, b int) string) bool {
		cutter = cut
		out = c.State.Push(out, text(c, cut(start, m.start)))
		start, end = m.end, m.end
		n++
		return n < limit
	})
	if cutter == nil {
		return append(out, value.String(s))
	}
	if n < limit {
		if asRegex(c.Arg(1)) != nil {
			sc := newScan(c.State, asRegex(c.Arg(1)), s)
			out = append(out, value.String(sc.cut(end, sc.end())))
		} else {
			out = append(out, value.String(cutter(end, value.UTF16Len(s))))
		}
	}
	return out
}

func splitText(c *rt.Call, s value.Value, limit float64) []value.Value {
	var out []value.Value
	if c.Arg(1).IsUndefined() {
		if limit < 1 {
			return nil
		}
		return []value.Value{s}
	}
	sep := c.Arg(1).Str()
	if sep == "" {
		for i, u := range value.ToUTF16(s.Str()) {
			if float64(i) >= limit {
				break
			}
			out = c.State.Push(out, value.String(value.FromUTF16([]uint16{u})))
		}
		return out
	}
	rest := s.Str()
	for float64(len(out)) < limit {
		before, after, ok := strings.Cut(rest, sep)
		out = c.State.Push(out, value.String(before))
		if !ok {
			break
		}
		rest = after
	}
	return out
}

func replace(c *rt.Call) value.Value {
	s, pattern, with := c.Arg(0), c.Arg(1), c.Arg(2)
	if s.IsUndefined() {
		return s
	}
	if pattern.IsString() && pattern.Str() == "" {
		panic(rt.NewError("D3010").Val(pattern).Arg(2))
	}
	limit := limitOf(c.Arg(3), "D3011", 4)
	if !(limit > 0) {
		return s
	}
	if !pattern.IsFunction() {
		return replaceText(c, s, limit)
	}
	return replacePattern(c, s, pattern, with, limit)
}

func replaceText(c *rt.Call, s value.Value, limit float64) value.Value {
	pattern := argText(c, 1)
	if c.Arg(2).IsFunction() {
		return replaceCalling(c, s.Str(), pattern, limit)
	}
	with := ""
	switch w := c.Arg(2); {
	case w.IsString():
		with = w.Str()
	case w.IsUndefined():
		with = "undefined"
	}
	n := -1
	if !math.IsInf(limit, 1) {
		n = int(math.Min(math.Ceil(limit), 1e9))
	}
	count := strings.Count(s.Str(), pattern)
	if n >= 0 {
		count = min(count, n)
	}
	c.State.AllocText(len(s.Str()) + count*max(len(with)-len(pattern), 0))
	return value.String(strings.Replace(s.Str(), pattern, with, n))
}

// replaceCalling replaces a text by what a function makes of it.
func replaceCalling(c *rt.Call, s, pattern string, limit float64) value.Value {
	var buf []byte
	pos, unit, width := 0, 0, value.UTF16Len(pattern)
	for n := 0.0; n < limit; n++ {
		i := strings.Index(s[pos:], pattern)
		if i < 0 {
			break
		}
		buf = append(buf, s[pos:pos+i]...)
		unit += value.UTF16Len(s[pos : pos+i])
		b := value.NewBuilder(c.State.Tree, 4)
		b.Set("match", value.String(pattern))
		b.Set("start", num(float64(unit)))
		b.Set("end", num(float64(unit+width)))
		b.Set("groups", value.ArrayOf())
		c.State.AllocObject(4)
		r := rt.Apply(c.State, c.Arg(2).Func(), value.Undefined(), []value.Value{b.Value()}, nil)
		if !r.IsString() {
			panic(rt.NewError("D3012").Val(r))
		}
		buf = append(buf, r.Str()...)
		c.State.AllocText(i + len(r.Str()))
		pos += i + len(pattern)
		unit += width
	}
	return text(c, string(append(buf, s[pos:]...)))
}

func replacePattern(c *rt.Call, s, pattern, with value.Value, limit float64) value.Value {
	var buf []byte
	pos, n := 0, 0.0
	var cutter func(a, b int) string
	plain := with.IsString() && strings.IndexByte(with.Str(), '$') < 0
	if re := asRegex(pattern); plain && re != nil && re.class != nil && math.IsInf(limit, 1) && value.IsASCII(s.Str()) {
		return replaceClass(c, re.class, s, with.Str())
	}
	eachMatch(c, pattern, s.Str(), func(m *found, cut func(a, b int) string) bool {
		cutter = cut
		buf = appendText(buf, cut(pos, m.start))
		switch {
		case plain:
			buf = appendText(buf, with.Str())
		case with.IsString():
			buf = substitute(buf, with.Str(), m)
		default:
			r := rt.Apply(c.State, with.Func(), value.Undefined(), []value.Value{matchObject(c, m, s.Str(), pattern)}, nil)
			if !r.IsString() {
				panic(rt.NewError("D3012").Val(r))
			}
			buf = appendText(buf, r.Str())
		}
		if len(buf) > 1<<16 {
			c.State.Alloc(len(buf) >> 4)
		}
		pos = m.end
		if !m.object.IsUndefined() {
			pos = m.start + value.UTF16Len(m.text.Str())
		}
		n++
		return n < limit
	})
	if cutter == nil {
		return s
	}
	tail := 0
	if re := asRegex(pattern); re != nil {
		tail = newScan(c.State, re, s.Str()).end()
	} else {
		tail = value.UTF16Len(s.Str())
	}
	return text(c, string(appendText(buf, cutter(pos, tail))))
}

// replaceClass replaces every character of a class in an ASCII text.
func replaceClass(c *rt.Call, class *[128]bool, s value.Value, with string) value.Value {
	text := s.Str()
	c.State.Steps(1 + len(text)>>4)
	var buf []byte
	from := 0
	for i := 0; i < len(text); i++ {
		if class[text[i]] {
			buf = append(append(buf, text[from:i]...), with...)
			from = i + 1
		}
	}
	if buf == nil && from == 0 {
		return s
	}
	buf = append(buf, text[from:]...)
	c.State.AllocText(len(buf))
	return value.String(string(buf))
}

// matchObject is the match as a replacement function sees it.
func matchObject(c *rt.Call, m *found, s string, pattern value.Value) value.Value {
	if !m.object.IsUndefined() {
		return m.object
	}
	sc := newScan(c.State, asRegex(pattern), s)
	sc.find(m.start)
	return sc.object()
}

// substitute expands $0, $1, … and $$ in a replacement text. As many digits
// are read as the number of groups has, one fewer when that is too many.
func substitute(buf []byte, with string, m *found) []byte {
	for {
		before, after, ok := strings.Cut(with, "$")
		buf = appendText(buf, before)
		if !ok {
			return buf
		}
		with = after
		switch {
		case strings.HasPrefix(with, "$"):
			buf = append(buf, '$')
			with = with[1:]
		case strings.HasPrefix(with, "0"):
			buf = appendText(buf, m.text.Str())
			with = with[1:]
		default:
			digits := 1
			if m.count > 0 {
				digits = int(math.Floor(math.Log(float64(m.count))*math.Log10E)) + 1
			}
			index, ok := leadingInt(with, digits)
			if digits > 1 && ok && index > m.count {
				index, ok = leadingInt(with, digits-1)
			}
			if !ok {
				buf = append(buf, '$')
				continue
			}
			if g, ok := m.group(index); ok {
				buf = appendText(buf, g.Str())
			}
			with = with[min(len(strconv.Itoa(index)), len(with)):]
		}
	}
}

// leadingInt reads an integer from the first n characters as parseInt does.
func leadingInt(s string, n int) (int, bool) {
	s = s[:min(n, len(s))]
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n') {
		i++
	}
	start := i
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	digits := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == digits {
		return 0, false
	}
	v, err := strconv.Atoi(s[start:i])
	return v, err == nil
}
