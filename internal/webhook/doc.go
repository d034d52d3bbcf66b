// Package webhook delivers the events of an environment to receivers of the
// customer's choice, over HTTP, signed, until they have been taken.
//
// The words: a webhook is a receiver with the events that it wants. What it has yet
// to get of an event is a delivery, written in the transaction of the change that
// caused the event; so nothing that was committed is forgotten, and nothing that was
// not is told. A try is one request for a delivery. One job at a time, on one node,
// delivers for a webhook: receivers do not wait for each other, and the fence of the
// job keeps a node that has lost it from writing what came of its tries. A receiver
// gets an event at least once, always under the same id.
//
// It depends on jobs, delivery, upstream, retry and view.
package webhook
