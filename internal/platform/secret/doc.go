// Package secret owns the secrets that Usher issues: the type that holds a secret without printing
// it, the formats of codes, tokens, API keys, client secrets and user tokens, and the hash that is
// stored in their place.
//
// It never stores or logs a secret, has no password hashing (that belongs to identity), and imports
// the standard library only.
package secret
