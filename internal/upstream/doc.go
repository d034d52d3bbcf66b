// Package upstream is the only door out: every request that leaves the server
// goes through a Client, whether a vendor, a token endpoint or a webhook
// target is at the other end.
//
// A Client resolves the name, looks at the address on the socket before it
// connects, and refuses what is not the public internet or on the allow-list.
// It follows redirects under the same guard and keeps credentials from other
// hosts; it bounds time, headers and body; it relays no header that belongs to
// a connection. Errors are sinew errors whose messages hold host and reason,
// never a path, a query or a secret.
//
// It depends on the vocabulary, and on wire for content codings. No other package uses net/http.Client,
// net/http.Transport or net.Dial.
package upstream
