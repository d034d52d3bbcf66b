package extensions

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
)

func treeFunctions() []jsonata.Function {
	return []jsonata.Function{
		define("sortNodes", 4, pure(sortNodes)),
		define("dependencyGraph", 3, pure(dependencyGraph)),
	}
}

// treeNode is an item of a flat list with the items below it.
type treeNode struct {
	item     value
	order    value
	children []*treeNode
}

// sortNodes lists a forest, given as a flat list of nodes with the ids of
// their parents, depth first with siblings in their sequence. Nodes whose
// parent is not in the list are roots.
func sortNodes(a args) (value, error) {
	if isNil(a.at(0)) {
		return value{}, errors.New("sortNodes: no list given")
	}
	id, parent, sequence := a.or(1, str("id")), a.or(2, str("parent_id")), a.or(3, str("sequence"))
	byID := map[string]*treeNode{}
	var all []*treeNode
	key := func(v value) string { return v.Kind().String() + scriptText(v) }
	for _, item := range cast(a.at(0)) {
		n := &treeNode{item: item, order: getPath(item, sequence)}
		all = append(all, n)
		byID[key(getPath(item, id))] = n
	}
	var roots []*treeNode
	for _, n := range all {
		p := getPath(n.item, parent)
		if up := byID[key(p)]; truthy(p) && up != nil {
			up.children = append(up.children, n)
			continue
		}
		roots = append(roots, n)
	}
	return list(flattenTree(roots, nil)), nil
}

func flattenTree(nodes []*treeNode, out []value) []value {
	slices.SortStableFunc(nodes, func(x, y *treeNode) int { return compareMixed(x.order, y.order) })
	for _, n := range nodes {
		out = append(out, omit(args{n.item, str("children")}))
		below := n.children
		n.children = nil // a node that is its own ancestor is listed once
		out = flattenTree(below, out)
	}
	return out
}

// graph is a dependency graph: edges lead from a node to those it depends on.
type graph struct {
	order []string
	data  map[string]value
	to    map[string][]string
	from  map[string][]string
}

func dependencyGraph(a args) (value, error) {
	if isNil(a.at(0)) {
		return value{}, errors.New("dependencyGraph: no list given")
	}
	g := &graph{data: map[string]value{}, to: map[string][]string{}, from: map[string][]string{}}
	items := cast(a.at(0))
	byKey := map[string]value{}
	for _, item := range items {
		byKey[scriptText(getPath(item, a.at(2)))] = item
	}
	for _, item := range items {
		name, up := scriptText(getPath(item, a.at(2))), scriptText(getPath(item, a.at(1)))
		g.add(name, item)
		if parent, ok := byKey[up]; ok {
			g.add(up, parent)
			if !slices.Contains(g.to[name], up) {
				g.to[name] = append(g.to[name], up)
				g.from[up] = append(g.from[up], name)
			}
		}
	}
	return jsonata.NewWrapped(g), nil
}

func (g *graph) add(name string, data value) {
	if _, ok := g.data[name]; !ok {
		g.order = append(g.order, name)
		g.data[name] = data
	}
}

// Member implements jsonata.Wrapped.
func (g *graph) Member(name string) value {
	switch name {
	case "overallOrder":
		return method(name, func(a args) (value, error) { return g.overall(truthy(a.at(0))) })
	case "dependenciesOf":
		return method(name, func(a args) (value, error) { return g.reach(a, g.to) })
	case "dependantsOf":
		return method(name, func(a args) (value, error) { return g.reach(a, g.from) })
	case "hasNode":
		return method(name, func(a args) (value, error) {
			_, ok := g.data[scriptText(a.at(0))]
			return jsonata.Bool(ok), nil
		})
	case "getNodeData":
		return method(name, func(a args) (value, error) {
			v, ok := g.data[scriptText(a.at(0))]
			if !ok {
				return value{}, fmt.Errorf("node does not exist: %s", scriptText(a.at(0)))
			}
			return v, nil
		})
	case "clone":
		return method(name, func(args) (value, error) { return jsonata.NewWrapped(g), nil })
	}
	return jsonata.Undefined()
}

// Members implements jsonata.Wrapped.
func (g *graph) Members() []string {
	return []string{"overallOrder", "dependenciesOf", "dependantsOf", "hasNode", "getNodeData", "clone"}
}

// JSON implements jsonata.Wrapped.
func (g *graph) JSON() value { return newObject().value() }

// visit lists the names reachable over the edges, each behind those that it
// leads to.
func (g *graph) visit(name string, edges map[string][]string, done map[string]bool, path []string, out *[]string) error {
	if slices.Contains(path, name) {
		return errors.New("dependency cycle: " + strings.Join(append(path, name), " -> "))
	}
	if done[name] {
		return nil
	}
	for _, next := range edges[name] {
		if err := g.visit(next, edges, done, append(path, name), out); err != nil {
			return err
		}
	}
	done[name] = true
	*out = append(*out, name)
	return nil
}

func (g *graph) overall(leavesOnly bool) (value, error) {
	var names []string
	done := map[string]bool{}
	// Nodes that nothing depends on come first as starting points, as in the
	// reference; the rest can only be in cycles.
	for _, start := range g.order {
		if len(g.from[start]) == 0 {
			if err := g.visit(start, g.to, done, nil, &names); err != nil {
				return value{}, err
			}
		}
	}
	for _, start := range g.order {
		if !done[start] {
			if err := g.visit(start, g.to, done, nil, &names); err != nil {
				return value{}, err
			}
		}
	}
	out := []value{}
	for _, n := range names {
		if !leavesOnly || len(g.to[n]) == 0 {
			out = append(out, str(n))
		}
	}
	return list(out), nil
}

func (g *graph) reach(a args, edges map[string][]string) (value, error) {
	start := scriptText(a.at(0))
	if _, ok := g.data[start]; !ok {
		return value{}, fmt.Errorf("node does not exist: %s", start)
	}
	var names []string
	if err := g.visit(start, edges, map[string]bool{}, nil, &names); err != nil {
		return value{}, err
	}
	out := []value{}
	for _, n := range names[:len(names)-1] {
		if !truthy(a.at(1)) || len(edges[n]) == 0 {
			out = append(out, str(n))
		}
	}
	return list(out), nil
}
