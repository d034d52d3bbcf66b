package value

import (
	"sync"
	"sync/atomic"
)

const (
	linearKeys  = 8    // up to here a key is found by comparing
	maxTreeKeys = 96   // objects beyond this get a shape of their own
	maxTreeSize = 8192 // nodes of one tree; beyond it shapes are private
)

// Shape is an immutable, ordered list of member names. Objects with the same
// members in the same order can share one.
type Shape struct {
	keys  []string
	index atomic.Pointer[map[string]int32] // of more than linearKeys keys, made on first use
	once  sync.Once
	text  [][]byte // `"key":` for each key, made on first use
}

// NewShape makes a shape of the given distinct keys, which it keeps.
func NewShape(keys []string) *Shape { return &Shape{keys: keys} }

// Len is the number of keys.
func (s *Shape) Len() int { return len(s.keys) }

// Keys is the list of keys, for reading.
func (s *Shape) Keys() []string { return s.keys }

// Find returns the position of a key, or -1.
func (s *Shape) Find(key string) int {
	if len(s.keys) > linearKeys {
		return s.findIndexed(key)
	}
	for i, k := range s.keys {
		if k == key {
			return i
		}
	}
	return -1
}

func (s *Shape) findIndexed(key string) int {
	index := s.index.Load()
	if index == nil {
		made := make(map[string]int32, len(s.keys))
		for i, k := range s.keys {
			made[k] = int32(i)
		}
		index = &made
		s.index.Store(index) // a lost race only costs a map
	}
	if i, ok := (*index)[key]; ok {
		return int(i)
	}
	return -1
}

// keyText is the encoded form of key i with quotes and colon.
func (s *Shape) keyTexts() [][]byte {
	s.once.Do(func() {
		size := 0
		for _, k := range s.keys {
			size += len(k) + 3
		}
		buf := make([]byte, 0, size)
		text := make([][]byte, len(s.keys))
		for i, k := range s.keys {
			start := len(buf)
			buf = AppendQuoted(buf, k)
			buf = append(buf, ':')
			text[i] = buf[start:len(buf):len(buf)]
		}
		s.text = text
	})
	return s.text
}

// Tree finds shapes by walking from key to key, so that objects with equal
// members share a shape. It belongs to one goroutine at a time; the shapes
// that it hands out may be read by all.
type Tree struct {
	root Node
	size int
}

// Node is a place in a Tree: the keys seen so far.
type Node struct {
	parent *Node
	key    string
	depth  int
	dup    int  // position of an earlier equal key, else -1
	plain  bool // the key is written without escapes
	last   *Node
	next   map[string]*Node
	shape  *Shape
}

// NewTree makes an empty tree.
func NewTree() *Tree {
	t := &Tree{}
	t.root.dup = -1
	return t
}

// Root is the node of no keys.
func (t *Tree) Root() *Node { return &t.root }

// Size is the number of nodes, a measure of the memory that the tree holds.
func (t *Tree) Size() int { return t.size }

// Child steps from n to the node for one more key. The result is nil when the
// tree is full or the object too wide; the caller then uses a shape of its own.
// The key is copied when clone is set.
func (t *Tree) Child(n *Node, key string, clone bool) *Node {
	if n.last != nil && n.last.key == key {
		return n.last
	}
	if c := n.next[key]; c != nil {
		n.last = c
		return c
	}
	if t.size >= maxTreeSize || n.depth >= maxTreeKeys {
		return nil
	}
	if clone {
		key = string(append([]byte(nil), key...))
	}
	c := &Node{parent: n, key: key, depth: n.depth + 1, dup: -1, plain: plainKey(key)}
	for a := n; a.parent != nil; a = a.parent {
		if a.key == key {
			c.dup = a.depth - 1
			break
		}
	}
	t.size++
	if n.last != nil {
		if n.next == nil {
			n.next = map[string]*Node{n.last.key: n.last}
		}
		n.next[key] = c
	}
	n.last = c
	return c
}

// Dup is the position of an earlier key equal to the last one, or -1.
func (n *Node) Dup() int { return n.dup }

// Shape is the shape of the keys up to n.
func (n *Node) Shape() *Shape {
	if n.shape == nil {
		n.shape = NewShape(n.Keys())
	}
	return n.shape
}

// Keys lists the keys up to n in a new slice.
func (n *Node) Keys() []string {
	keys := make([]string, n.depth)
	for a := n; a.parent != nil; a = a.parent {
		keys[a.depth-1] = a.key
	}
	return keys
}
