// Package inbound takes what vendors send by themselves: webhooks.
//
// The words: a delivery is one request of a vendor to the address of an account, or
// of an installation, whose accounts are told apart by its content. A hook is what a
// definition says of deliveries: how they are verified, which of them are handshakes,
// what events they become. A delivery is verified over its bytes as they came, before
// it has any effect; then it is written to the inbox, and answered; then a job makes
// events of it, one delivery of an account after the other. One that is not genuine is
// refused, and leaves a line in the inbox that says why, without its bytes.
//
// It depends on account, definition, expression, jobs, jsonx, placeholder, proxy, retry,
// unified, upstream and wire.
package inbound
