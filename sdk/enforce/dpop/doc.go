// Package dpop verifies DPoP proofs (RFC 9449 §4.3): JWTs by which the sender of a request proves that
// it has the private key that a token is bound to.
//
// It owns what a proof must be: its bounds, its algorithms, its key, the request that it is for, and
// that it is used once. It knows no token but the one beside the proof, makes no decision about
// access, and reads neither a header nor the address of a connection: the caller passes the URL that
// is configured, and never one of the request's own Host.
//
// The signatures are verified by the standard library. A JOSE library would be a dependency of every
// resource server, and most of it, key sets, encryption and other serializations, is what a proof
// must not have. A proof that is not exactly a compact JWS with a public key of one of four
// algorithms is refused.
package dpop
