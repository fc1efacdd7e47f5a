// Package oauth owns the grammar of OAuth 2.0 as text: scopes (RFC 6749 §3.3), PKCE (RFC 7636),
// redirect URIs (RFC 6749 §3.1.2, RFC 8252 §7.3), client credentials in HTTP Basic (RFC 6749
// §2.3.1) and the parameters of a query or a form (RFC 6749 appendix B).
//
// It also has the values that several services hold: the request behind an authorization code, connections, grant types.
//
// Every function judges one string and fails with a sentinel; none repeats what it was given in
// its error, does any I/O or knows what is registered or issued. The package imports the
// standard library and package secret alone.
package oauth
