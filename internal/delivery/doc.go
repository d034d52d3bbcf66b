// Package delivery writes what the receiver of a webhook gets: the body of an event,
// its headers, and its signatures. The server sends it, and so does the command line
// to a developer's own machine.
//
// It depends on jsonx.
package delivery
