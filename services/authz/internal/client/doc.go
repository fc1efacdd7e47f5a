// Package client knows what a registered app is and decides whether a request comes from it (RFC 6749 §2).
//
// It owns the form of a client identifier, the rules of client authentication and how many secrets an app may hold at
// once. It never sees a stored secret, only hashes; where apps are kept is the store's business.
package client
