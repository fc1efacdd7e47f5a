// Package idtoken builds and verifies ID tokens (OpenID Connect Core §2, §3.1.3.6), and builds logout
// tokens (OpenID Connect Back-Channel Logout 1.0 §2.4).
//
// It owns their claims. It never stores one, never decides who gets one, and signs with the keys of
// package signing. Claims about the user beyond the identifiers are at the UserInfo endpoint alone
// (OpenID Connect Core §5.4).
package idtoken
