// Package refresh keeps the tokens of accounts alive: ahead of their expiry, when
// a call finds one expired, when a vendor refuses one, and when an operator asks.
//
// However many callers on however many nodes want a new token, the vendor is
// asked once. Three things see to it: callers of one process share one flight;
// processes share a lease in the database, which is renewed while the vendor
// takes its time; and every claim of the lease has a larger fence, by which a
// token is stored only over an older one. What the vendor answers is written to
// an encrypted journal on this node before it is stored, so that an answer
// outlives the process and an absent database.
//
// It depends on the vocabulary, jsonx, retry, upstream, and the engines account,
// credential and definition.
package refresh
