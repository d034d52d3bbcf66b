// Package idempotency makes calls under an Idempotency-Key happen at most once
// (reliability A1): the first one runs and its answer is kept, others wait for
// it and get the same answer, on every node. A process that dies between the
// vendor's call and the answer leaves an outcome that nobody knows, and later
// calls are told so instead of being made.
package idempotency
