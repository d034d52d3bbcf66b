// Package keyservice holds master keys that stay in a key service: in the
// transit engine of HashiCorp Vault or OpenBao, or in AWS KMS. The service
// wraps and unwraps the keys of the installation and never hands its own out.
//
// A service is asked when the server starts and when a data key is used for the
// first time, not for each credential. A call waits a few seconds at most and
// is repeated twice when the service was busy or could not be reached. What a
// person has to do about a failure stands in its error, which is a *sinew.Error
// of KindUnavailable.
//
// It depends on the vocabulary, seal and jsonx; requests leave through the
// transport that it is given.
package keyservice
