// Package code stores authorization codes for the minutes between approval and redemption (RFC 6749
// §4.1.2).
//
// It owns how a code is derived, the key it is stored under and its lifetime. Reading is idempotent
// and extends nothing: the token service's database ensures that a code is redeemed once.
package code
