package oauth

// The paths of endpoints whose URLs several parts must agree on: a DPoP proof is for one of them, and
// the metadata names it.
const (
	// TokenPath is the token endpoint (RFC 6749 §3.2).
	TokenPath = "/oauth/token" //nolint:gosec // a path, and no credential
	// PushPath is the pushed authorization request endpoint (RFC 9126 §2).
	PushPath = "/oauth/par"
	// PushedPrefix is the prefix of the request_uri of a pushed request (RFC 9126 §2.2), and not of the URL
	// of a request object.
	PushedPrefix = "urn:ietf:params:oauth:request_uri:"
)
