// Package openid serves the endpoints of OpenID Connect that are not pages: the JWK Set (RFC 7517 §5)
// and UserInfo (OpenID Connect Core §5.3).
//
// It owns how an access token is read there, and the format of the responses. The token service decides
// what a token may read.
package openid
