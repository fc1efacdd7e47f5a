// Package authz is the authorization service: it owns the apps and the authorization request (RFC 6749 §4.1.1), from the raw
// query to the code.
//
// It calls identity (who is this browser) and nothing else. It never knows a password, never remembers a consent and never
// issues a token: that a code redeems once is decided by the token service.
package authz
