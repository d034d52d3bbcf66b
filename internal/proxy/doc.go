// Package proxy makes one call to a vendor for an account: it finds the method
// in the effective definition, builds the request from its templates, attaches
// the credential, sends it, and shapes the answer or the vendor's error. The
// account follows the outcome.
//
// It depends on the vocabulary, definition, account, placeholder, wire and
// jsonx; requests leave through the sender that it is given.
package proxy
