package jsonata

// Oracle leaves the evaluation to the tree walker.
func Oracle() Option { return func(c *config) { c.oracle = true } }

// Compiled reports whether an expression runs as compiled code.
func (e *Expr) Compiled() bool { return e.code.Direct() }
