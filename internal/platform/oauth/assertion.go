package oauth

import "slices"

// JWTBearerAssertion is the client_assertion_type of a JWT (RFC 7523 §2.2).
const JWTBearerAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" //nolint:gosec // a name, and no credential

// PrivateKeyJWT is the authentication method of a client that signs an assertion with its private
// key (OpenID Connect Core 1.0 §9).
const PrivateKeyJWT = "private_key_jwt"

// SigningAlgorithms returns the signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1) that a client
// may use: each with a private key, hence neither `none` nor HMAC. It is the only list of them.
func SigningAlgorithms() []string { return []string{"ES256", "PS256", "RS256", "EdDSA"} }

// IDTokenAlgorithms returns the algorithms of ID tokens, the default one first: OpenID Connect Core
// §3.1.3.7 requires RS256. Each is one of SigningAlgorithms.
func IDTokenAlgorithms() []string { return []string{"RS256", "ES256"} }

// FAPI2Excludes reports whether FAPI 2.0 §5.4.1 excludes a signature algorithm: in assertions, in DPoP
// proofs, in ID tokens and of registered keys. It is the only list of them.
func FAPI2Excludes(algorithm string) bool { return algorithm == "RS256" }

// FAPI2IDTokenAlgorithm returns the algorithm of the ID tokens of a client of FAPI 2.0: the registered one,
// which may be empty, or the first of IDTokenAlgorithms that is not excluded.
func FAPI2IDTokenAlgorithm(registered string) string {
	if registered != "" && !FAPI2Excludes(registered) {
		return registered
	}
	allowed := slices.DeleteFunc(IDTokenAlgorithms(), FAPI2Excludes)
	return allowed[0]
}
