// Package dataplane is the HTTP face of calls to vendors: it turns requests
// under /proxy into calls of the proxy engine, and vendors' refusals into the
// error envelope of the platform.
//
// It imports httpapi for its operation table and the engines that it serves.
package dataplane
