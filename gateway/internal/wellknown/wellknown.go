// Package wellknown serves documents under /.well-known: the metadata of the authorization server
// (RFC 8414, which is also that of OpenID Connect Discovery) and of protected resources (RFC 9728), and security.txt (RFC 9116).
//
// It owns the documents, which come from the configuration and never from the request.
package wellknown

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/vidocu/usher/gateway/internal/openid"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// Metadata serves the authorization server's metadata.
type Metadata struct {
	// Issuer is the issuer and the origin of the authorization endpoint.
	Issuer string
	// API is the origin of the endpoints that clients call.
	API string
	// Registration is the registration endpoint; empty if clients cannot register themselves.
	Registration string
	// Scopes returns the scopes that exist at present.
	Scopes func() []catalog.Scope
	// ClientDocuments says that a client_id may be the URL of a document that describes the client.
	ClientDocuments bool
	// OpenID adds the members of OpenID Connect. The document of RFC 8414 is without them: libraries that
	// find them there require ID tokens, also of clients that want none.
	OpenID bool
	// Languages are the languages of the pages.
	Languages []string
	// PushRequired says that every authorization request must be pushed.
	PushRequired bool
}

// document is RFC 8414 §2, with RFC 8628 §4, RFC 9126 §5, RFC 9207 §3, RFC 9449 §5.1 and members of
// other specifications.
type document struct {
	Issuer                 string   `json:"issuer"`
	AuthorizationEndpoint  string   `json:"authorization_endpoint"`
	TokenEndpoint          string   `json:"token_endpoint"`
	DeviceEndpoint         string   `json:"device_authorization_endpoint"`
	RevocationEndpoint     string   `json:"revocation_endpoint"`
	IntrospectionEndpoint  string   `json:"introspection_endpoint"`
	RegistrationEndpoint   string   `json:"registration_endpoint,omitempty"`
	ScopesSupported        []string `json:"scopes_supported"`
	ResponseTypesSupported []string `json:"response_types_supported"`
	ResponseModesSupported []string `json:"response_modes_supported"`
	GrantTypesSupported    []string `json:"grant_types_supported"`
	TokenAuthMethods       []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuthMethods  []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectAuthMethods  []string `json:"introspection_endpoint_auth_methods_supported"`
	ChallengeMethods       []string `json:"code_challenge_methods_supported"`
	IssParameterSupported  bool     `json:"authorization_response_iss_parameter_supported"`
	// PushEndpoint and PushRequired are of RFC 9126 §5, and ProofAlgorithms are of RFC 9449 §5.1.
	PushEndpoint    string   `json:"pushed_authorization_request_endpoint"`
	PushRequired    bool     `json:"require_pushed_authorization_requests,omitempty"`
	ProofAlgorithms []string `json:"dpop_signing_alg_values_supported"`
	// ClientDocuments is of draft-ietf-oauth-client-id-metadata-document.
	ClientDocuments bool `json:"client_id_metadata_document_supported,omitempty"`
	// Required with private_key_jwt (RFC 8414 §2).
	TokenAuthAlgorithms      []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuthAlgorithms []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	IntrospectAuthAlgorithms []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`

	*openIDMembers
}

// openIDMembers are the members of OpenID Connect Discovery §3, OpenID Connect RP-Initiated Logout 1.0
// §2.1, OpenID Connect Back-Channel Logout 1.0 §2.1 and Initiating User Registration via OpenID Connect 1.0 §2. Those that are false here have another
// default.
type openIDMembers struct {
	UserInfoEndpoint    string   `json:"userinfo_endpoint"`
	KeysURI             string   `json:"jwks_uri"`
	EndSessionEndpoint  string   `json:"end_session_endpoint"`
	BackChannelLogout   bool     `json:"backchannel_logout_supported"`
	BackChannelSession  bool     `json:"backchannel_logout_session_supported"`
	SubjectTypes        []string `json:"subject_types_supported"`
	IDTokenAlgorithms   []string `json:"id_token_signing_alg_values_supported"`
	ClaimTypes          []string `json:"claim_types_supported"`
	Claims              []string `json:"claims_supported"`
	Prompts             []string `json:"prompt_values_supported"`
	UILocales           []string `json:"ui_locales_supported"`
	ClaimsParameter     bool     `json:"claims_parameter_supported"`
	RequestParameter    bool     `json:"request_parameter_supported"`
	RequestURIParameter bool     `json:"request_uri_parameter_supported"`
}

// openID returns the members of OpenID Connect.
func (m Metadata) openID() *openIDMembers {
	return &openIDMembers{
		UserInfoEndpoint: m.API + openid.UserInfoPath, KeysURI: m.API + openid.KeysPath, EndSessionEndpoint: m.Issuer + "/oauth/logout",
		BackChannelLogout: true, BackChannelSession: true,
		SubjectTypes: []string{"public", "pairwise"}, IDTokenAlgorithms: oauth.IDTokenAlgorithms(), ClaimTypes: []string{"normal"},
		Claims: []string{
			"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", oauth.WorkspaceClaim,
			"name", "given_name", "family_name", "locale", "zoneinfo", "email", "email_verified",
		},
		Prompts: []string{"none", "login", "consent", "select_account"}, UILocales: m.Languages,
	}
}

// ServeHTTP is http.Handler.
func (m Metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	confidential := []string{"client_secret_basic", "client_secret_post", oauth.PrivateKeyJWT}
	withPublic := append([]string{"none"}, confidential...)
	d := document{
		Issuer: m.Issuer, AuthorizationEndpoint: m.Issuer + "/oauth/authorize",
		TokenEndpoint: m.API + oauth.TokenPath, RevocationEndpoint: m.API + "/oauth/revoke", IntrospectionEndpoint: m.API + "/oauth/introspect",
		PushEndpoint: m.API + oauth.PushPath, PushRequired: m.PushRequired, ProofAlgorithms: dpop.Algorithms(),
		RegistrationEndpoint:   m.Registration,
		DeviceEndpoint:         m.API + "/oauth/device_authorization",
		ResponseTypesSupported: []string{"code"}, ResponseModesSupported: []string{"query"},
		GrantTypesSupported: oauth.GrantTypeNames(nil),
		TokenAuthMethods:    withPublic, RevocationAuthMethods: withPublic, IntrospectAuthMethods: confidential,
		ChallengeMethods: []string{"S256"}, IssParameterSupported: true, ClientDocuments: m.ClientDocuments,
		TokenAuthAlgorithms: oauth.SigningAlgorithms(), RevocationAuthAlgorithms: oauth.SigningAlgorithms(),
		IntrospectAuthAlgorithms: oauth.SigningAlgorithms(),
	}
	if m.OpenID {
		d.openIDMembers = m.openID()
	}
	for _, scope := range m.Scopes() {
		d.ScopesSupported = append(d.ScopesSupported, scope.Name)
	}
	writeDocument(w, r, d)
}

// writeDocument writes a document, with a validator for caches.
func writeDocument(w http.ResponseWriter, r *http.Request, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	var body bytes.Buffer
	_ = json.NewEncoder(&body).Encode(document) // strings and a boolean always encode
	sum := sha256.Sum256(body.Bytes())
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body.Bytes()))
}
