// Package revocation gives tokens back to the vendors that issued them (RFC 7009),
// when their account is gone or has another one.
//
// The words: a credential is given up by the change that ends its account; what
// the vendor is to be asked is written down, sealed, with that change. A job asks,
// again and again for a day, until there is an outcome. Then nothing secret is left,
// and the record stays. A run is one use of the kill switch: it gives up the
// credentials of every account in its scope, and can be resumed where it was
// stopped.
//
// A vendor may be asked more than once, after a crash between its answer and the
// record of it; to revoke a revoked token is a success. It depends on account,
// credential, jobs and upstream.
package revocation
