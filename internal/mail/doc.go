// Package mail sends messages through the mail server that the operator has named.
//
// The server is not one of a customer's choice, and so it may be on a private
// address, as the database may. What it can cost is bounded: one deadline for all
// that it says, and so many bytes.
//
// It depends on upstream, which opens the connection.
package mail
