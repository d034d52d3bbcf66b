// Package manual owns the texts about integrations and unified models: who sees
// and changes one, what is wrong with one that holds a schema, which of several wins,
// and the page that a unified model has at an integration.
//
// A text about an integration or a unified model belongs to the team that owns it, one
// about what an environment has installed to the environment, where it wins.
//
// It depends on the vocabulary, definition, expression and jsonx, and declares the
// store that it needs.
package manual
