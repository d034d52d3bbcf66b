package syntax

// arena cuts the parts of a tree from slabs, since a tree is kept or dropped as
// a whole.
type arena struct {
	nodes  []Node
	extras []Extra
	lists  []*Node
	pairs  []Pair
}

// Sizes of the slabs behind the first, which fits the length of the source.
const (
	nodeSlab  = 16
	extraSlab = 4
	listSlab  = 32
	pairSlab  = 8
)

// newArena makes an arena for a source of so many bytes: about one node for
// every seven and one list item for every twelve.
func newArena(source int) arena {
	return arena{
		nodes: make([]Node, min(2+source/8, 64)),
		lists: make([]*Node, min(2+source/16, 64)),
	}
}

func (a *arena) node() *Node {
	if len(a.nodes) == 0 {
		a.nodes = make([]Node, nodeSlab)
	}
	n := &a.nodes[0]
	a.nodes = a.nodes[1:]
	n.Extra = none
	return n
}

// extra is the node's own Extra, for writing.
func (a *arena) extra(n *Node) *Extra {
	if n.Extra != none {
		return n.Extra
	}
	if len(a.extras) == 0 {
		a.extras = make([]Extra, extraSlab)
	}
	n.Extra = &a.extras[0]
	a.extras = a.extras[1:]
	return n.Extra
}

// cut makes an empty list with room for n nodes.
func (a *arena) cut(n int) []*Node {
	if n > len(a.lists) {
		if n > listSlab/4 {
			return make([]*Node, 0, n)
		}
		a.lists = make([]*Node, listSlab)
	}
	out := a.lists[:0:n]
	a.lists = a.lists[n:]
	return out
}

// list copies a list of nodes.
func (a *arena) list(nodes []*Node) []*Node {
	if len(nodes) == 0 {
		return nil
	}
	return append(a.cut(len(nodes)), nodes...)
}

// pairsOf copies a list of pairs, which is never nil.
func (a *arena) pairsOf(pairs []Pair) []Pair {
	n := len(pairs)
	if n > len(a.pairs) {
		if n > pairSlab/2 {
			return append(make([]Pair, 0, n), pairs...)
		}
		a.pairs = make([]Pair, pairSlab)
	}
	out := append(a.pairs[:0:n], pairs...)
	a.pairs = a.pairs[n:]
	return out
}
