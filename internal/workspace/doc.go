// Package workspace owns the rules of teams, users, environments, tenants,
// static gates and categories: the things that surround integrations and
// accounts.
//
// It depends on the vocabulary and jsonx, and declares the store that it
// needs.
package workspace
