// Package authapp has the authentication apps of the user API: a customer's programs, which vouch
// for users with a secret of their own instead of a password.
//
// It owns how a secret is generated and rotated, and for which users an app may vouch. It never
// stores a secret, only its SHA-256 hash and last four characters: a secret has more than 256
// random bits, so that a fast hash suffices. It does not count attempts (package attempt) and
// issues no token.
package authapp
