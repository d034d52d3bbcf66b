package jsonata

// Compiled reports whether an expression runs as compiled code.
func (e *Expr) Compiled() bool { return e.code.Direct() }
