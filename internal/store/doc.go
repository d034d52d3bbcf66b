// Package store keeps everything that must survive a restart, on SQLite or on
// PostgreSQL behind the same methods. One file holds one aggregate: the public
// method opens the transaction, a private function takes it, and the SQL
// stands beside its scan function. Both engines run the same text; what
// differs is in dialect.go, open_sqlite.go, open_postgres.go and errors.go.
//
// Secrets are sealed on their way in and opened only by the methods whose name
// says so. Ids of another environment are answered like missing ones.
//
// It imports the vocabulary, jsonx and seal, and implements the interfaces
// that the engines declare.
package store
