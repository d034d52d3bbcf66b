// Package walk evaluates a resolved expression by walking its tree. It follows
// the reference implementation step by step, quirks included, and makes no
// attempt to be fast: it is what the compiled evaluator is checked against,
// and what runs the rare constructs that are not worth compiling.
package walk
