// Package integration owns the rules of integrations and their installations:
// who sees and may install one, how a change is merged and checked, and which
// parts of a definition are secret.
//
// It depends on the vocabulary, definition, view and jsonx, and declares the
// store that it needs.
package integration
