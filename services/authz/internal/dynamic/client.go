package dynamic

import (
	"errors"
	"slices"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// The errors of this package, besides *MetadataError and *ratelimit.LimitedError.
var (
	// ErrOff is returned if clients cannot register themselves here.
	ErrOff = errors.New("clients cannot register themselves")
	// ErrToken is returned for an initial or registration access token that is missing or not valid.
	// The response is the same for an unknown client.
	ErrToken = errors.New("the token is not valid")
	// ErrShared is returned if the client cannot be changed because several registrations share it.
	ErrShared = errors.New("several registrations share the client: register it anew with the changed metadata")
	// ErrFull is returned if there are as many clients as the operator allows.
	ErrFull = errors.New("too many clients are registered")
	// ErrUsers is returned if a client has as many users as it may have.
	ErrUsers = errors.New("the client has as many users as it may have")
	// ErrUnknownToken is returned if no initial access token has the identifier.
	ErrUnknownToken = errors.New("no initial access token has that identifier")
)

// Mode says which clients may register themselves.
type Mode string

// The modes.
const (
	// Off refuses every registration; clients that are registered stay.
	Off Mode = "off"
	// ByToken requires an initial access token.
	ByToken Mode = "token"
	// Open lets every client register.
	Open Mode = "open"
)

// Valid reports whether the mode is one of the three.
func (m Mode) Valid() bool { return m == Off || m == ByToken || m == Open }

// Metadata is client metadata (RFC 7591 §2): of a request, or as it is registered. Members without a
// value are zero.
type Metadata struct {
	RedirectURIs  []string `json:"-"`
	AuthMethod    string   `json:"auth_method,omitempty"`
	GrantTypes    []string `json:"-"`
	ResponseTypes []string `json:"-"`
	// Name is what the client calls itself.
	Name            string   `json:"name,omitempty"`
	URI             string   `json:"uri,omitempty"`
	LogoURI         string   `json:"logo_uri,omitempty"`
	Scope           string   `json:"-"`
	Contacts        []string `json:"contacts,omitempty"`
	TermsURI        string   `json:"tos_uri,omitempty"`
	PolicyURI       string   `json:"policy_uri,omitempty"`
	KeysURI         string   `json:"jwks_uri,omitempty"`
	Keys            string   `json:"jwks,omitempty"`
	SoftwareID      string   `json:"software_id,omitempty"`
	SoftwareVersion string   `json:"software_version,omitempty"`
	// Statement is a software statement, which is never registered.
	Statement       string `json:"-"`
	ApplicationType string `json:"-"`
	// LogoutURI is where the client gets logout tokens, and PostLogoutURIs where the browser may be
	// sent after a logout that it starts.
	LogoutURI             string   `json:"backchannel_logout_uri,omitempty"`
	LogoutSessionRequired bool     `json:"backchannel_logout_session_required,omitempty"`
	PostLogoutURIs        []string `json:"post_logout_redirect_uris,omitempty"`
	// DPoPRequired and PushRequired are those of client.Security.
	DPoPRequired bool `json:"dpop_bound_access_tokens,omitempty"`
	PushRequired bool `json:"require_pushed_authorization_requests,omitempty"`
	// IDTokenAlgorithm is the algorithm of its ID tokens, and KeyAlgorithm that of its assertions.
	IDTokenAlgorithm string `json:"id_token_signed_response_alg,omitempty"`
	KeyAlgorithm     string `json:"token_endpoint_auth_signing_alg,omitempty"`
	SubjectType      string `json:"subject_type,omitempty"`
	// Sector is the sector identifier of a client with pairwise subjects, which no request has.
	Sector string `json:"sector,omitempty"`
}

// Identity returns the description of the client for users: its addresses, where a browser can open
// them safely. Its logo is never requested and never shown.
func (m Metadata) Identity() oauth.AppIdentity {
	shown := oauth.AppIdentity{SelfRegistered: true}
	for _, a := range []struct {
		from string
		to   *string
	}{{m.URI, &shown.ClientURI}, {m.PolicyURI, &shown.PolicyURI}, {m.TermsURI, &shown.TermsURI}} {
		if oauth.ValidWebAddress(a.from) {
			*a.to = a.from
		}
	}
	return shown
}

// Client is a client that registered itself.
type Client struct {
	// Registration is what an authorization request is validated against. Its Scope is what the
	// client may request at most; the operator may allow less now.
	client.Registration
	// Metadata are the members that are not part of Registration.
	Metadata  Metadata
	CreatedAt time.Time
	// Privilege is what the client's initial access token permits; zero if it had none.
	Privilege Privilege
	// Shared says that several registrations share the client: none of them can change it.
	Shared bool
	// Authorized says that a user has approved a request of the client.
	Authorized bool
	// Secret is the current secret; nil for a public client and for one with keys.
	Secret *secret.Record
	// Keys are the keys in the metadata of a client that authenticates with them; none if it
	// publishes them.
	Keys []jose.Key
}

// HasSecret reports whether the client authenticates with a secret.
func (c Client) HasSecret() bool { return c.Type == client.Confidential && !c.UsesKeys() }

// RestoreLogout sets what a stored client has for logout, by its metadata.
func (c *Client) RestoreLogout() {
	m := c.Metadata
	c.BackChannelLogout = client.BackChannelLogout{LogoutURI: m.LogoutURI, LogoutSessionRequired: m.LogoutSessionRequired}
	c.PostLogoutRedirectURIs = m.PostLogoutURIs
}

// RestoreSecurity sets what a stored client must do beyond RFC 6749, and what its ID tokens are, by its
// metadata.
func (c *Client) RestoreSecurity() {
	m := c.Metadata
	c.Security = client.Security{DPoPRequired: m.DPoPRequired, PushRequired: m.PushRequired}
	c.IDTokenAlgorithm, c.Sector = m.IDTokenAlgorithm, m.Sector
}

// RestoreKeys sets how a stored client authenticates, by its metadata.
func (c *Client) RestoreKeys() (err error) {
	if c.Metadata.AuthMethod != oauth.PrivateKeyJWT {
		return nil
	}
	c.KeyAuthentication = client.KeyAuthentication{Method: oauth.PrivateKeyJWT, URI: c.Metadata.KeysURI, Algorithm: c.Metadata.KeyAlgorithm}
	if c.Metadata.Keys != "" {
		c.Keys, err = client.ParseKeySet(c.Metadata.Keys)
	}
	return err
}

// Privilege is what a client with an initial access token may register, in addition to others. It
// stays with the client, so that an update is validated by it too.
type Privilege struct {
	// Token says that there was an initial access token.
	Token bool
	// Scope is the scope that the token's clients may request; empty for that of all clients.
	Scope oauth.Scope
}

// registered returns the metadata in effect.
func (c Client) registered() Metadata {
	m := c.Metadata
	m.RedirectURIs, m.GrantTypes, m.Scope = slices.Clone(c.RedirectURIs), c.GrantTypes, c.Scope.String()
	m.ResponseTypes, m.ApplicationType = nil, string(c.ApplicationType)
	if c.May(oauth.AuthorizationCodeGrant) {
		m.ResponseTypes = []string{responseCode}
	}
	return m
}
