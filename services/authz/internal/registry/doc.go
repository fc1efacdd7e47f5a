// Package registry has the operator's actions on clients: create, update, enable, disable, rotate
// the secret.
//
// It owns the rules for a client's name, redirect URIs and scopes, and that a secret is generated
// here and returned once. It never authenticates a client and revokes no token: a client is
// disabled through the token service, which calls this package after the revocation.
package registry
