// Package bundle moves an environment with all its credentials from one
// installation to another, or through the loss of one.
//
// The words: a bundle is a file that only the holder of an identity can read
// (age, https://age-encryption.org/v1), and that says who wrote it. Inside, it is a
// sequence of lines: a header, a part for each row, and a trailer with the counts of
// the parts and a hash over everything before, signed by the installation's key
// (Ed25519). Parts come in the order in which they refer to each other.
//
// A bundle is read twice: first to its end, to see that it is whole and whose it is,
// and then again to write what it holds. So a file that was cut or changed writes
// nothing. Both directions stream; memory holds one part.
//
// It depends on the vocabulary and jsonx; age is imported here alone.
package bundle
