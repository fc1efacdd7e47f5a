// Package oauth owns the text grammar of OAuth 2.0: scopes (RFC 6749 §3.3), PKCE (RFC 7636),
// redirect URIs (RFC 6749 §3.1.2, RFC 8252 §7.3), client credentials in HTTP Basic (RFC 6749
// §2.3.1) and the parameters of a query or a form (RFC 6749 appendix B).
//
// It also has the values and the rules that several services share: the request behind an authorization
// code, user-clients and their grants, sessions, roles, subjects, grant types and protected resources;
// the redirect URIs, web addresses, texts and notes that may be registered, and the error of a field.
//
// A parser validates one string and returns a sentinel error that does not repeat its input. The
// package does no I/O, knows no registered client or issued token, and imports the standard library
// and package secret only.
package oauth
