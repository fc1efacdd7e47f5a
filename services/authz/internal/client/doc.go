// Package client defines a registered client and decides whether a request comes from it (RFC 6749
// §2).
//
// It owns the format of client identifiers, the rules of client authentication and how many secrets
// of a client may be valid at once. It never sees a stored secret, only hashes; package assertion
// verifies assertions, and package store stores the clients.
package client
