// Package sinew holds the vocabulary of the product: the nouns that the wire,
// the database, the screens and the documentation share, with their ids, error
// kinds, filters and events.
//
// A team owns users, integrations and environments. An integration describes
// one vendor API as data. Installing it in an environment makes an environment
// integration; a customer's live connection through it is an integrated
// account, which belongs to a tenant. Everything but the integration itself is
// isolated by environment.
//
// The package imports the standard library only and does no I/O; every other
// package may import it, and it imports none of them.
package sinew
