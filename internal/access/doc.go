// Package access decides who a caller is and how far the call may reach: API
// tokens, which are scoped to one environment, and integrated-account tokens,
// which reach one account for fifteen minutes. Secrets are stored as keyed
// hashes only (HMAC-SHA-256) and looked up by them, so that neither a copy of
// the database nor the time of an answer helps to guess one.
//
// It depends on the vocabulary and declares the store that it needs.
package access
