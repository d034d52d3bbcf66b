// Package expression runs the JSONata of definitions: with the extension
// functions, within bounds that no definition can exceed (reliability X1), and
// over inputs that are named JSON texts, of which only those that an expression
// names are looked at.
//
// It depends on the vocabulary, jsonx and the public jsonata package.
package expression
