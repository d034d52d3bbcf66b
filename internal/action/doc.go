// Package action runs the actions of integrations: lists of steps that call the
// vendor, compute, and write to the context of an account. It takes connecting
// accounts through post-install and validation, asks for tokens where a definition
// says how, serves the forms that follow a connection, and runs custom actions for
// callers.
//
// It depends on the vocabulary, jsonx, placeholder, expression, jobs, and the
// engines account, credential, definition and proxy.
package action
