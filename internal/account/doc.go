// Package account owns the life of integrated accounts: import, change,
// deletion, the table of status transitions, and which part of a context is
// visible, secret, or kept in the object store.
//
// The context of an account is one JSON object to its owner. Stored, it is
// three: the visible variables; the secrets (credential paths and fields of
// type password), encrypted; and large values in the object store, of which
// the context keeps a mark.
//
// It depends on the vocabulary, definition, view, blob and jsonx, and declares
// the store that it needs.
package account
