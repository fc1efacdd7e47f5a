// Package dynamic lets clients register themselves (RFC 7591) and manage their registration (RFC
// 7592).
//
// It owns the rules for the metadata of such a client, the initial and registration access tokens,
// the limits, and which identical registrations share a client. The metadata of a client is its
// own assertion: the package never fetches an address of the metadata, and never grants more than the
// operator allows to clients that register themselves. It revokes no access: the token service
// deletes a client through this package after the revocation.
package dynamic
