package oauth

// AppIdentity describes a client to users, besides its name. All texts are untrusted.
type AppIdentity struct {
	// Publisher is the person or company that publishes the client; empty for none, like the other
	// texts.
	Publisher string
	// Purpose is the purpose of the client, on one line.
	Purpose string
	// ClientURI, PolicyURI and TermsURI are its home page, privacy policy and terms of service (RFC
	// 7591 §2): https addresses.
	ClientURI, PolicyURI, TermsURI string
	// Logo is the SHA-256 of the logo's PNG, in hexadecimal; empty for none.
	Logo string
	// Verified says that the operator has checked the client.
	Verified bool
	// SelfRegistered says that the client registered itself, or describes itself in a document.
	SelfRegistered bool
}
