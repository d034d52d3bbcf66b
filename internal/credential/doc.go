// Package credential puts credentials on requests to vendors.
//
// An Authorization names a format and holds its config, with every placeholder
// filled in. Formats knows how each format attaches: a header, a parameter, a
// signature over the whole request, a token signed for it, or a certificate for
// its connection. A format that servers have to challenge first, as digest, is
// told about their refusal and says whether to send again.
//
// Attaching is the last step before sending, since signatures cover address,
// header and body. It can be repeated on the same request. No error tells a
// secret.
//
// It depends on the vocabulary, jsonx, wire and upstream, and on definition for
// the names of the formats.
package credential
