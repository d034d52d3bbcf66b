package extensions

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/internal/lib"
)

// Query strings follow the qs library: brackets nest, repeated keys make lists.

// unescape decodes percent-escapes, leaving text that is not well formed.
func unescape(s string) string {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if b, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(b))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	if !utf8.Valid(out) {
		return s
	}
	return string(out)
}

func decodePlus(s string) string { return unescape(strings.ReplaceAll(s, "+", " ")) }

func formEncode(s string) string {
	return strings.ReplaceAll(lib.PercentEncode(s, "-_.* "), " ", "+")
}

// queryNode is a value under construction: a list of texts, or members.
type queryNode struct {
	leaf    []value
	keys    []string
	members map[string]*queryNode
	array   bool
	first   bool // the leaf came before the members
}

func (n *queryNode) child(key string) *queryNode {
	if n.members == nil {
		n.members = map[string]*queryNode{}
	}
	if n.members[key] == nil {
		n.keys = append(n.keys, key)
		n.members[key] = &queryNode{}
	}
	return n.members[key]
}

func parseQuery(a args) value {
	o := options{a.at(1)}
	text := a.at(0).Str()
	if o.flag("ignoreQueryPrefix") {
		text = strings.TrimPrefix(text, "?")
	}
	root := &queryNode{}
	limit := int(o.number("parameterLimit", 1000))
	parts := strings.Split(text, o.text("delimiter", "&"))
	for _, part := range parts[:min(limit, len(parts))] {
		if part == "" {
			continue
		}
		addPair(root, part, o)
	}
	return root.object()
}

func addPair(root *queryNode, part string, o options) {
	at := strings.IndexByte(part, '=')
	if close := strings.Index(part, "]="); close >= 0 {
		at = close + 1
	}
	name, val := part, value(str(""))
	if at >= 0 {
		name, val = part[:at], str(decodePlus(part[at+1:]))
	} else if o.flag("strictNullHandling") {
		val = jsonata.Null()
	}
	name = decodePlus(name)
	if name == "" {
		return
	}
	vals := []value{val}
	if o.flag("comma") && val.IsString() && strings.Contains(val.Str(), ",") {
		vals = nil
		for _, v := range strings.Split(val.Str(), ",") {
			vals = append(vals, str(v))
		}
	}
	n := root
	keys := queryKeys(name, o)
	for i, k := range keys {
		if k == "" && i > 0 {
			n.array = true
			if i == len(keys)-1 {
				break
			}
			k = strconv.Itoa(len(n.keys))
		}
		n = n.child(k)
	}
	n.first = n.first || len(n.keys) == 0
	n.leaf = append(n.leaf, vals...)
}

// queryKeys cuts a[b][c] into its keys, at most as deep as the limit says.
func queryKeys(name string, o options) []string {
	if o.flag("allowDots") {
		head, tail, ok := strings.Cut(name, ".")
		for ok {
			key, rest, more := strings.Cut(tail, ".")
			head += "[" + key + "]"
			tail, ok = rest, more
		}
		name = head
	}
	depth := int(o.number("depth", 5))
	open := strings.IndexByte(name, '[')
	if open < 0 || depth <= 0 {
		return []string{name}
	}
	var keys []string
	if open > 0 {
		keys = append(keys, name[:open])
	}
	rest := name[open:]
	for len(rest) > 0 && rest[0] == '[' && depth > 0 {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			break
		}
		keys = append(keys, rest[1:end])
		rest = rest[end+1:]
		depth--
	}
	if rest != "" && rest[0] == '[' {
		keys = append(keys, rest)
	}
	if len(keys) == 0 {
		return []string{name}
	}
	return keys
}

// value turns the node into what qs would give.
func (n *queryNode) value() value {
	if len(n.keys) == 0 {
		if len(n.leaf) == 1 && !n.array {
			return n.leaf[0]
		}
		return list(n.leaf)
	}
	if idx, ok := n.indexes(); ok {
		out := []value{}
		for _, i := range idx {
			out = append(out, n.members[strconv.Itoa(i)].value())
		}
		return list(append(out, n.leaf...))
	}
	if len(n.leaf) > 0 {
		if n.first {
			return list(append(slices.Clone(n.leaf), n.object()))
		}
		return list(append([]value{n.object()}, n.leaf...))
	}
	return n.object()
}

// indexes lists the keys as array indexes up to qs's limit of 20.
func (n *queryNode) indexes() ([]int, bool) {
	var idx []int
	for _, k := range n.keys {
		i, err := strconv.Atoi(k)
		if err != nil || i < 0 || i > 20 || strconv.Itoa(i) != k {
			return nil, false
		}
		idx = append(idx, i)
	}
	slices.Sort(idx)
	return idx, true
}

func (n *queryNode) object() value {
	o := newObject()
	for _, k := range n.keys {
		o.set(k, n.members[k].value())
	}
	return o.value()
}

// queryWriter writes nested values as a query string.
type queryWriter struct {
	o     options
	pairs []string
}

func stringifyQuery(a args) value {
	w := &queryWriter{o: options{a.at(1)}}
	names, vals := members(a.at(0))
	if arr := a.at(0).Arr(); arr != nil {
		for i, v := range arr.Items() {
			names, vals = append(names, strconv.Itoa(i)), append(vals, v)
		}
	}
	for i, n := range names {
		w.add(n, vals[i], 0)
	}
	if w.o.has("sort") {
		slices.Sort(w.pairs)
	}
	out := strings.Join(w.pairs, w.o.text("delimiter", "&"))
	if w.o.flag("addQueryPrefix") && out != "" {
		out = "?" + out
	}
	return str(out)
}

func (w *queryWriter) encode(s string) string {
	if w.o.has("encode") && !w.o.flag("encode") {
		return s
	}
	keep := "-_.~"
	if w.o.text("format", "") == "RFC1738" {
		return strings.ReplaceAll(lib.PercentEncode(s, keep+"() "), " ", "+")
	}
	return lib.PercentEncode(s, keep)
}

func (w *queryWriter) key(s string) string {
	if w.o.flag("encodeValuesOnly") {
		return s
	}
	return w.encode(s)
}

func (w *queryWriter) add(name string, v value, depth int) {
	if v.IsHost() {
		v = v.Host().Wrapped.JSON()
	}
	switch {
	case v.IsUndefined(), v.IsFunction(), depth > 100:
	case v.IsNull():
		switch {
		case w.o.flag("skipNulls"):
		case w.o.flag("strictNullHandling"):
			w.pairs = append(w.pairs, w.key(name))
		default:
			w.pairs = append(w.pairs, w.key(name)+"=")
		}
	case v.IsArray():
		w.array(name, v, depth)
	case v.IsObject():
		for i, k := range v.Obj().Keys() {
			inner := name + "[" + k + "]"
			if w.o.flag("allowDots") {
				inner = name + "." + k
			}
			w.add(inner, v.Obj().Vals()[i], depth+1)
		}
	default:
		if v.IsNumber() && math.IsNaN(v.Float()) {
			v = str("NaN")
		}
		w.pairs = append(w.pairs, w.key(name)+"="+w.encode(scriptText(v)))
	}
}

func (w *queryWriter) array(name string, v value, depth int) {
	items := v.Arr().Items()
	form := w.o.text("arrayFormat", "indices")
	if w.o.has("indices") && !w.o.flag("indices") && !w.o.has("arrayFormat") {
		form = "repeat"
	}
	if form == "comma" {
		if len(items) > 0 {
			parts := make([]string, len(items))
			for i, item := range items {
				if !isNil(item) {
					parts[i] = scriptText(item)
				}
			}
			w.pairs = append(w.pairs, w.key(name)+"="+w.encode(strings.Join(parts, ",")))
		}
		return
	}
	for i, item := range items {
		inner := name
		switch form {
		case "indices":
			inner += "[" + strconv.Itoa(i) + "]"
		case "brackets":
			inner += "[]"
		}
		w.add(inner, item, depth+1)
	}
}
