// Package journal keeps the log records of calls: it writes them in the
// background, in portions, without ever holding a call up, removes what is old,
// and answers questions about them.
package journal
