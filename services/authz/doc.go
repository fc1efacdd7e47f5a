// Package authz is the authorization service: it owns the registered clients and the authorization
// request (RFC 6749 §4.1.1), from the raw query to the authorization code.
//
// It calls identity, for the user of a session, and no other service. It never sees a password,
// never stores consent and never issues a token: the token service decides that a code is redeemed
// once.
package authz
