// Package jsonata is a complete engine for JSONata 2.x, the query and
// transformation language for JSON.
//
// An expression is compiled once and evaluated as often as needed, from as many
// goroutines as needed:
//
//	expr, err := jsonata.Compile(`orders.{ "id": id, "total": $sum(lines.price) }`)
//	out, err := expr.EvalBytes(ctx, body)
//
// There are three ways in and out. [Expr.EvalBytes] takes JSON text and returns
// JSON text; it decodes only the parts of the document that the expression can
// touch. [Expr.Eval] works on a [Value], the ordered document model of this
// package. [Expr.EvalAny] works on plain Go values.
//
// Documents keep the order of their members, and numbers that an expression
// only moves keep their source text, so that 64-bit identifiers and prices
// such as 1.10 survive.
//
// Every evaluation runs under [Limits] on steps, depth, time, memory and
// output. An expression from an untrusted source can fail, but not hang, crash
// or exhaust the process. Failures are of type [*Error], with the code, position
// and token that the reference documentation gives them.
//
// Functions and constants of the host are declared with [WithFunction] and
// [WithVariable]; variables that change from call to call are passed as
// [Bindings]. Sub-package extensions has a library of further functions.
//
// The package imports nothing of the rest of its repository.
package jsonata
