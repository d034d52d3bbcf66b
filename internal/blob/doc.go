// Package blob keeps large values outside the database, under keys.
//
// The words: a blob is a sequence of bytes without structure; a key names it,
// in segments separated by slashes; a store is one interface over a folder, an
// S3 bucket or memory. Callers encrypt what they put here: a store knows
// nothing about the content.
//
// The suite in blobtest holds every driver to the contract of Store. The
// package imports nothing of ours.
package blob
