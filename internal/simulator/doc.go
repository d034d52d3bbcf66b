// Package simulator is a vendor that does not exist: an HTTP API with
// contacts, companies and tickets, for tests and for trying the product
// without an account anywhere.
//
// Its records are the same at every start and live in memory, where they can
// really be created, changed and deleted. It takes an API key, a bearer token,
// HTTP Basic, a token of its own OAuth 2.0 server, or a signature of OAuth 1.0a,
// HTTP Digest or AWS Signature Version 4; it answers mistakes as vendors do, and
// remembers the requests that it got. A Quirk changes how it behaves: what vendors
// do differently, and what goes wrong with them, is added as quirks.
//
// It is part of the program for `sinew simulate` alone; nothing that serves
// customers imports it. It depends on jsonx and
// upstream.
package simulator
