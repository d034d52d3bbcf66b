package jsonata

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sinewhq/sinew/jsonata/internal/lib"
	"github.com/sinewhq/sinew/jsonata/internal/syntax"
)

// Finding is something that looks wrong in an expression.
type Finding struct {
	// Code names the kind: "unknown-function", "unknown-variable" or
	// "undefined-path".
	Code string
	// Position is the byte offset of the start of the name in the expression.
	Position int
	// Name is the function, variable or path concerned.
	Name string
	// Message says it in words.
	Message string
}

// LintOptions say what an expression may rely on.
type LintOptions struct {
	// Variables are the names, without $, that will be bound.
	Variables []string
	// Functions are the names of host functions.
	Functions []string
	// Sample is a typical input. When it is given, paths that find nothing in it
	// are reported.
	Sample Value
}

// Lint looks for calls of functions that do not exist, for variables that are
// never bound, and for paths that find nothing in a sample of the input. The
// error is that of an expression that does not parse.
func Lint(source string, o LintOptions) ([]Finding, error) {
	prog, err := syntax.Parse(source)
	if err != nil {
		return nil, err
	}
	l := &linter{known: map[string]bool{"$": true, "": true}}
	for _, name := range slices.Concat(o.Variables, o.Functions) {
		l.known[strings.TrimPrefix(name, "$")] = true
	}
	l.names(prog.Root, nil)
	if !o.Sample.IsUndefined() {
		l.root = []Value{o.Sample}
		l.paths(prog.Root, l.root)
	}
	slices.SortStableFunc(l.found, func(a, b Finding) int { return a.Position - b.Position })
	return l.found, nil
}

type linter struct {
	known map[string]bool
	root  []Value
	found []Finding
}

func (l *linter) report(code string, pos int, name, format string) {
	l.found = append(l.found, Finding{Code: code, Position: pos, Name: name, Message: fmt.Sprintf(format, name)})
}

// knows reports whether a variable has a value without being assigned.
func (l *linter) knows(name string) bool {
	_, ok := standard().Lookup(name)
	return ok || l.known[name]
}

// names checks variables against those in scope.
func (l *linter) names(n *syntax.Node, scope []string) []string {
	switch n.Type {
	case syntax.Variable:
		if !l.knows(n.Value) && !slices.Contains(scope, n.Value) {
			l.report("unknown-variable", int(n.Off), "$"+n.Value, "variable %s is never bound")
		}
		return scope
	case syntax.Call, syntax.Partial:
		if p := n.Proc; p.Type == syntax.Variable && !l.knows(p.Value) && !slices.Contains(scope, p.Value) {
			l.report("unknown-function", int(p.Off), "$"+p.Value, "there is no function %s")
			for _, a := range n.Args() {
				scope = l.names(a, scope)
			}
			return scope
		}
	case syntax.Lambda:
		if !n.Thunk {
			inner := slices.Clone(scope)
			for _, a := range n.Args() {
				inner = append(inner, a.Value)
			}
			l.names(n.Body, inner)
			return scope
		}
	case syntax.Bind:
		// A function may call itself.
		scope = append(slices.Clone(scope), n.LHS.Value)
		l.names(n.RHS, scope)
		return scope
	}
	inner := scope
	for _, c := range n.Parts() {
		inner = l.names(c, inner)
		if c.HasFocus {
			inner = append(slices.Clone(inner), c.Focus)
		}
		if c.HasIndex {
			inner = append(slices.Clone(inner), c.Index)
		}
		for _, s := range c.Stages {
			if s.Index {
				inner = append(slices.Clone(inner), s.Var)
			}
		}
	}
	if n.Type == syntax.Block {
		return scope
	}
	return inner
}

// paths follows paths of names through the sample. A nil list means that the
// values are not known.
func (l *linter) paths(n *syntax.Node, ctx []Value) []Value {
	if n.Type != syntax.Path {
		if n.Type == syntax.Variable && n.Value == "" {
			return ctx
		}
		if n.Type == syntax.Variable && n.Value == "$" {
			return l.root
		}
		inner := ctx
		if n.Type == syntax.Lambda && !n.Thunk || n.Type == syntax.Transform {
			inner = nil
		}
		for _, c := range n.Parts() {
			l.paths(c, inner)
		}
		return nil
	}
	var walked []string
	cur := ctx
	for _, s := range n.Steps() {
		switch {
		case s.Type == syntax.Name && s.Ancestor == nil && !s.HasFocus:
			walked = append(walked, s.Value)
			if cur == nil {
				break
			}
			next := childValues(cur, s.Value)
			if len(next) == 0 {
				l.report("undefined-path", int(s.Off), strings.Join(walked, "."), "path %s finds nothing in the sample")
				next = nil
			}
			cur = next
		case s.Type == syntax.Sort:
			for _, t := range s.Terms {
				l.paths(t.Expr, items(cur))
			}
		case s.Type == syntax.Name:
			cur = nil
		default:
			cur = l.paths(s, items(cur))
			walked = nil
		}
		for _, g := range s.Stages {
			if !g.Index {
				l.paths(g.Filter, items(cur))
			}
		}
	}
	if n.Group != nil {
		for _, p := range n.Group.Pairs {
			l.paths(p.Key, items(cur))
			l.paths(p.Value, items(cur))
		}
	}
	return cur
}

// items looks through arrays.
func items(list []Value) []Value {
	if list == nil {
		return nil
	}
	out := []Value{}
	for _, v := range list {
		if a := v.Arr(); a != nil {
			out = append(out, items(a.Items())...)
			continue
		}
		out = append(out, v)
	}
	return out
}

func childValues(list []Value, name string) []Value {
	var out []Value
	for _, v := range items(list) {
		if m := lib.Member(v, name); !m.IsUndefined() {
			out = append(out, m)
		}
	}
	return out
}
