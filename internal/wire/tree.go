package wire

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/sinewhq/sinew/internal/jsonx"
)

const (
	maxIndex     = MaxValues // first index that counts as a name
	manyChildren = 16        // above which a node keeps a map
)

// node is a value under construction: a text, or children by name. Arrays are
// nodes whose children are all numbered, until value decides.
type node struct {
	leaf  bool
	text  string
	names []string
	kids  []*node
	index map[string]int // of names, once there are many
	next  int            // the index that [] takes
	size  int            // leaves below, counted at root names only
}

// put places a parameter below the root.
func (n *node) put(p *parameter) error {
	top := n.child(p.segments[0])
	if top == nil {
		top = n.add(p.segments[0])
	}
	if top.size++; top.size > MaxValues {
		return p.fail(CodeTooMany, "more than %d values", MaxValues)
	}
	return top.place(p, p.segments[1:])
}

// place puts the text at the segments below n.
func (n *node) place(p *parameter, segments []string) error {
	if len(segments) == 0 {
		return n.setText(p)
	}
	if n.leaf {
		if !isIndex(segments[0]) && segments[0] != autoIndex {
			return p.fail(CodeConflict, "given as a value and as an object")
		}
		n.becomeList()
	}
	segment, rest := segments[0], segments[1:]
	if segment == autoIndex {
		return n.element(rest).place(p, rest)
	}
	kid := n.child(segment)
	switch {
	case kid == nil:
		kid = n.add(segment)
	case len(rest) == 0 && kid.leaf && isIndex(segment):
		kid = n.append() // a[0] twice makes two elements, as in qs
	}
	return kid.place(p, rest)
}

// setText makes an empty node a text. A second text makes a list, and a list
// takes it as its next element.
func (n *node) setText(p *parameter) error {
	switch {
	case n.leaf:
		n.becomeList()
	case len(n.kids) == 0:
		n.leaf, n.text = true, p.text
		return nil
	case !n.numbered():
		return p.fail(CodeConflict, "given as a value and as an object")
	}
	return n.append().setText(p)
}

// element returns the element that a[] means: the last one while it is an
// object that lacks the name, else a new one.
func (n *node) element(rest []string) *node {
	if len(rest) > 0 && len(n.kids) > 0 {
		if last := n.kids[len(n.kids)-1]; last.takes(rest) {
			return last
		}
	}
	return n.append()
}

// takes reports whether a text at the segments would not meet another there.
func (n *node) takes(segments []string) bool {
	if n.leaf {
		return false
	}
	if len(segments) == 0 {
		return false
	}
	if segments[0] == autoIndex {
		return n.numbered()
	}
	kid := n.child(segments[0])
	return kid == nil || kid.takes(segments[1:])
}

func (n *node) becomeList() {
	first := &node{leaf: true, text: n.text}
	n.leaf, n.text = false, ""
	n.names, n.kids, n.next = []string{"0"}, []*node{first}, 1
}

func (n *node) child(name string) *node {
	if n.index != nil {
		if i, ok := n.index[name]; ok {
			return n.kids[i]
		}
		return nil
	}
	if i := slices.Index(n.names, name); i >= 0 {
		return n.kids[i]
	}
	return nil
}

func (n *node) add(name string) *node {
	kid := &node{}
	n.names, n.kids = append(n.names, name), append(n.kids, kid)
	switch {
	case n.index != nil:
		n.index[name] = len(n.kids) - 1
	case len(n.kids) > manyChildren:
		n.index = make(map[string]int, len(n.kids))
		for i, name := range n.names {
			n.index[name] = i
		}
	}
	if isIndex(name) {
		i, _ := strconv.Atoi(name)
		n.next = max(n.next, i+1)
	}
	return kid
}

func (n *node) append() *node {
	for n.child(strconv.Itoa(n.next)) != nil {
		n.next++
	}
	kid := n.add(strconv.Itoa(n.next))
	n.next++
	return kid
}

func (n *node) numbered() bool {
	for _, name := range n.names {
		if !isIndex(name) {
			return false
		}
	}
	return true
}

func (n *node) value() jsonx.Value {
	if n.leaf {
		return jsonx.StringValue(n.text)
	}
	if len(n.kids) > 0 && n.numbered() {
		return n.array()
	}
	return n.object()
}

func (n *node) object() jsonx.Value {
	b := jsonx.NewBuilder(len(n.kids))
	for i, kid := range n.kids {
		b.Set(n.names[i], kid.value())
	}
	return b.Value()
}

func (n *node) array() jsonx.Value {
	order := make([]int, len(n.kids))
	at := make([]int, len(n.kids))
	for i, name := range n.names {
		order[i] = i
		at[i], _ = strconv.Atoi(name)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
	items := make([]jsonx.Value, len(order))
	for i, from := range order {
		items[i] = n.kids[from].value()
	}
	return jsonx.ArrayValue(items...)
}

// isIndex reports whether a segment is the index of an element: digits without
// a leading zero, small enough not to be a vendor's numeric key. Elements that
// [] or a repeated name add may pass that bound; then the node is an object,
// which the limit on values keeps from happening in a filter.
func isIndex(segment string) bool {
	if segment == "" || len(segment) > 4 || segment[0] == '0' && len(segment) > 1 {
		return false
	}
	n := 0
	for i := 0; i < len(segment); i++ {
		if segment[i] < '0' || segment[i] > '9' {
			return false
		}
		n = n*10 + int(segment[i]-'0')
	}
	return n < maxIndex
}
