// Package jose parses and verifies JWTs that clients sign, parses their public keys, and signs the
// server's own JWTs (RFC 7515, RFC 7517, RFC 7638).
//
// It owns the bounds of what is parsed, which keys are usable, and that a key decides which
// algorithms it verifies: a token never does. It reads no claim and fetches and stores nothing.
//
// The signatures are made and verified by go-jose v4. It requires the permitted algorithms where a
// token is parsed, uses no key from a token's header, has a JSON parser that refuses a member that
// appears twice or in another case, refuses unknown critical headers, and depends on the standard
// library alone; Boulder, Dex, Fosite and SPIRE verify with it. The only list of permitted algorithms
// is oauth.SigningAlgorithms, and oauth.IDTokenAlgorithms those of it that sign ID tokens.
package jose
