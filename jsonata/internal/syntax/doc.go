// Package syntax reads JSONata source: the lexer and the operator-precedence
// parser that build a tree, and the resolver that turns the tree into the form
// that is evaluated, with flattened paths, predicates as stages of their step,
// and parent operators tied to the step that they mean.
package syntax
