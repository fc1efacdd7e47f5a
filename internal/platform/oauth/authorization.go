package oauth

import "time"

// CodeBinding is the part of an authorization request that a token request must match to redeem its code (RFC 6749 §4.1.3,
// RFC 7636 §4.6). RedirectURI is not always UTF-8, so whatever stores it as JSON stores bytes.
type CodeBinding struct {
	ClientID string `json:"client"`
	// RedirectURI is that of the authorization request, byte for byte.
	RedirectURI string `json:"uri"`
	// CodeChallenge is S256; empty when none was sent.
	CodeChallenge string `json:"challenge,omitempty"`
	// DPoPKey is the thumbprint of the key that the client must prove to have (RFC 9449 §10); empty for none. Release 0.1 reads a
	// value with a key, and writes one without.
	DPoPKey string `json:"dpop_jkt,omitempty"`
}

// AuthorizationRequest is the part of a validated authorization request (RFC 6749 §4.1.1) that its code and its tokens depend
// on. The pending request, the stored code, the response of ResolveCode and the redemption carry it as one value: a new
// parameter is added here, to that message and to its conversion (package convert), and travels with the others. The JSON
// names are those of release 0.1: processes of both releases share one store during an upgrade.
type AuthorizationRequest struct {
	CodeBinding
	// Scope is in the order that the client asked.
	Scope Scope `json:"scope"`
	// Resources are the protected resources that the tokens are for (RFC 8707); nil is the default one. Release 0.1 reads a value
	// with resources, and writes one without.
	Resources Resources `json:"resources,omitempty"`
	// Nonce is the parameter of OpenID Connect Core §3.1.2.1, UTF-8; empty when none was sent.
	Nonce string `json:"nonce,omitempty"`
	// DescriptionDigest is Description.Digest of the client when the request began. Release 0.1 reads a value with one, and writes
	// one without.
	DescriptionDigest string `json:"description,omitempty"`
}

// ApprovedRequest is the value of an authorization code: the request, and who approved it for which workspace.
type ApprovedRequest struct {
	AuthorizationRequest
	UserID string `json:"user"`
	// DisplayName is the user's name at the time of approval: untrusted text.
	DisplayName string `json:"name,omitempty"`
	WorkspaceID string `json:"workspace"`
	// Epoch is the epoch of the user-client that the consent screen was shown with; issuing requires it unchanged.
	Epoch int64 `json:"epoch"`
	// AuthTime is when the user authenticated; zero where that is not known.
	AuthTime time.Time `json:"auth_time,omitzero"`
	// SessionID is the session in which the user approved, as the client's ID tokens name it; empty for
	// a device.
	SessionID string `json:"sid,omitempty"`
}
