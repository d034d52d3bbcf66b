// Package unifiedmodel owns the rules of unified models, of their installations, and
// of the mappings between their resources and those of integrations: who sees and
// changes one, how a change is merged and checked, which versions are kept, and which
// of them calls use.
//
// A mapping has rows in two layers, see sinew.MappingLayer: those for everyone belong to
// the team of the model, those of an environment to the environment. Every version of a
// row is kept.
//
// It depends on the vocabulary, definition, mapping, view, expression and jsonx, and
// declares the store that it needs.
package unifiedmodel
