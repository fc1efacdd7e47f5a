// Package authapp is the authentication apps of the user API: programs of a customer that vouch for people with a secret
// of their own instead of a password.
//
// It owns how a secret is drawn, how two overlap during a rotation, and for whom an app may vouch. It never keeps a secret,
// only its SHA-256 hash and last four characters: a secret has more than 256 random bits, so that a fast hash is enough. It
// never counts attempts (package attempt) and never issues a token.
package authapp
