// Package dataplane is the HTTP face of calls to vendors: it turns requests
// under /proxy into calls of the proxy engine and of actions, and vendors' refusals
// into the error envelope of the platform. The forms that follow a connection, whose
// options are the vendor's, are served here too.
//
// It imports httpapi for its operation table and the engines that it serves.
package dataplane
