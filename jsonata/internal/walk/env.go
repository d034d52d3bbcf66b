package walk

import "github.com/sinewhq/sinew/jsonata/internal/value"

// Scope finds variables by name.
type Scope interface {
	// Lookup returns the value bound to a name; ok is false when there is none.
	Lookup(name string) (v value.Value, ok bool)
	// Assign binds a name in the innermost scope.
	Assign(name string, v value.Value)
}

// Env is a scope of the tree walker.
type Env struct {
	outer Scope
	vars  map[string]value.Value
}

// NewEnv makes a scope inside another one, which may be nil.
func NewEnv(outer Scope) *Env { return &Env{outer: outer} }

// Lookup implements Scope.
func (e *Env) Lookup(name string) (value.Value, bool) {
	if v, ok := e.vars[name]; ok {
		return v, true
	}
	if e.outer == nil {
		return value.Value{}, false
	}
	return e.outer.Lookup(name)
}

// Assign implements Scope.
func (e *Env) Assign(name string, v value.Value) {
	if e.vars == nil {
		e.vars = map[string]value.Value{}
	}
	e.vars[name] = v
}

// Table is an immutable scope of functions and constants. It lies over another
// one, so that expressions with different tables can share most of them.
type Table struct {
	outer *Table
	vars  map[string]value.Value
}

// NewTable makes a table of the given variables, which it keeps, over another
// table, which may be nil.
func NewTable(outer *Table, vars map[string]value.Value) *Table { return &Table{outer, vars} }

// Lookup implements Scope.
func (t *Table) Lookup(name string) (value.Value, bool) {
	for ; t != nil; t = t.outer {
		if v, ok := t.vars[name]; ok {
			return v, true
		}
	}
	return value.Value{}, false
}

// Func is the function of a name, nil when there is none.
func (t *Table) Func(name string) *value.Function {
	v, _ := t.Lookup(name)
	return v.Func()
}

// Assign implements Scope; a table cannot be assigned to.
func (t *Table) Assign(string, value.Value) {}
