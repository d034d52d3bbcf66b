// Package definition knows the config of integrations: what it may hold, what
// is wrong with one, which parts are secret, how layers are laid over each
// other, and what one method of a resource comes to.
//
// A config is a JSON object. Its keys, types and meanings stand in one table,
// the shapes; checking, lint and the published JSON Schema all read that
// table. An override is a config with every key optional. The effective config
// of an account is the integration's config under the installation's override
// under the account's override.
//
// Credentials say what a customer supplies; a Credential checks and normalises
// what was supplied. Secrets are stored apart from the visible config: Split
// takes them out, Join puts them back.
//
// It depends on the vocabulary, jsonx and placeholder. Expressions stay text
// here; whoever evaluates them compiles them.
package definition
