// Package seal keeps secrets unreadable outside the process: envelope
// encryption for columns, and keys that are stored wrapped.
//
// The words: a master key never touches the database; it comes from a file, an
// environment variable or a key service, and it wraps. An environment key is a
// keyset, made once for each environment and stored wrapped; it seals. A keyset
// has one primary key, which seals, and may hold older ones, which still open; what a
// key seals begins with its mark.
// A place is the cell that a sealed value lives in; sealed bytes open at their
// own place only, so that moving them between rows, columns, versions or
// environments fails closed. A server key is a key of the whole installation,
// such as the one that hashes tokens, stored wrapped as well.
//
// Sealing is XAES-256-GCM: each message draws a fresh 192-bit nonce, so that a
// repeat stays out of reach for any number of messages that an installation
// can produce, and no message counter is needed.
//
// This is the only package that imports a cipher. It imports nothing of ours.
package seal
