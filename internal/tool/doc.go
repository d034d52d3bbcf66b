// Package tool says what can be done with an integration and with an account of it:
// the methods of its definition with their documentation, as capabilities for people
// and as tools for agents, and the unified resources that are mapped to it.
//
// A method is described by documentation rows, and by what its definition says inline
// where there are none.
//
// It depends on the vocabulary, definition, manual, view and jsonx, and declares the
// store that it needs.
package tool
