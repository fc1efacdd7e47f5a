// Package password turns passwords into argon2id strings and checks them (RFC 9106), a few at a time.
//
// It owns the cost of a check, the strict form of the strings, and the work that is done for an account that does not
// exist, so that nobody learns from the time which accounts do. It never stores a password or a string, and never
// decides what a password must look like.
package password
