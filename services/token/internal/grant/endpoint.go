package grant

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Request is a token request (RFC 6749 §4.1.3, §6), parsed once. An empty field was not sent.
type Request struct {
	GrantType    string
	Code         secret.String
	RedirectURI  string
	CodeVerifier secret.String
	RefreshToken secret.String
	DeviceCode   secret.String
	Scope        string
	// Resource are the values of the parameter resource (RFC 8707).
	Resource []string
	// Credentials are the client authentication that was sent.
	Credentials Credentials
	// Proof is the DPoP proof that was sent.
	Proof Proof
	// Source is the network address that the request came from; empty when it is not known.
	Source string
}

// TokenPair is the successful token response (RFC 6749 §5.1).
type TokenPair struct {
	Access secret.String
	// Refresh is zero where the grant type issues none, and for a client that may not refresh.
	Refresh secret.String
	// ExpiresIn is the access token's lifetime.
	ExpiresIn time.Duration
	// Scope is the access token's scope, in the order of the request.
	Scope string
	// Resources are those of the access token; nil for all of the grant's.
	Resources oauth.Resources
	// Identity is the user of the grant; nil for a client that acts for itself.
	Identity *Identity
	// IDToken is zero unless the access token's scope has openid.
	IDToken secret.String
	// Key is the thumbprint of the key that the access token is bound to; empty for a bearer token.
	Key string
}

// Client is the authenticated client of the request.
type Client struct {
	ID         string
	GrantTypes []string
	// Code is the result of the request's code or device code; nil where it was not resolved together with the
	// authentication.
	Code *ResolvedCode
	// RefreshRetry is the client's own retry window; nil where Lifetimes.RetryWindow applies.
	RefreshRetry *time.Duration
	// Reuse is what the reuse of a refresh token revokes; empty is oauth.ReuseSubject.
	Reuse oauth.Reuse
	// IDTokenAlgorithm is the algorithm of the client's ID tokens; empty is the default one.
	IDTokenAlgorithm string
	// Sector is the sector identifier of a client with pairwise subjects; empty for any other.
	Sector string
	// Public says that the client cannot authenticate: its refresh tokens are bound to the key of its
	// proofs.
	Public bool
	// DPoPRequired says that a request without a proof is refused.
	DPoPRequired bool
	// FAPI2 says that the client follows the FAPI 2.0 Security Profile: its refresh tokens are not
	// rotated.
	FAPI2 bool
	// Service is what the client may do for itself.
	Service oauth.Service
	// Since is a cursor of the revocation log from before the authentication (see NotedClients).
	Since int64
}

// may reports whether the client is registered for a grant type.
func (c Client) may(grantType string) bool { return slices.Contains(c.GrantTypes, grantType) }

// Clients authenticates clients. Its errors pass through; it counts failed authentications by the
// source address of the request. It may resolve the request's code at the same time.
type Clients interface {
	Authenticate(ctx context.Context, req Request) (Client, error)
}

// GrantType is one grant type: the hooks that differ between grant types. Endpoint runs the phases
// around them.
type GrantType interface {
	// Type is the value of grant_type.
	Type() string
	// Check returns a FieldError for a required parameter that the request lacks.
	Check(req Request) error
	// Known reports whether the proof of a client that does not authenticate is sent to authz, which records
	// it: anyone could have proofs recorded otherwise, each of which is an entry in the short-lived store.
	Known(ctx context.Context, req Request) (bool, error)
	// Issue issues a token pair for the request of an authenticated client that is registered for
	// the grant type.
	Issue(ctx context.Context, client Client, req Request) (TokenPair, error)
}

// Endpoint runs the phases that every grant type shares.
type Endpoint struct {
	// IDTokens issues ID tokens; nil where OpenID Connect is off.
	IDTokens IDTokens

	clients Clients
	types   map[string]GrantType
}

// NewEndpoint returns an endpoint that supports the given grant types.
func NewEndpoint(clients Clients, types ...GrantType) *Endpoint {
	e := &Endpoint{clients: clients, types: make(map[string]GrantType, len(types))}
	for _, g := range types {
		e.types[g.Type()] = g
	}
	return e
}

// Issue handles a token request. It authenticates the client before it consumes, rotates or revokes
// anything (RFC 6749 §3.2.1): a client library may probe with the same code twice.
func (e *Endpoint) Issue(ctx context.Context, req Request) (TokenPair, error) {
	if req.GrantType == "" {
		return TokenPair{}, missing("grant_type")
	}
	g, ok := e.types[req.GrantType]
	if !ok {
		return TokenPair{}, unsupportedGrantType()
	}
	if err := g.Check(req); err != nil {
		return TokenPair{}, err
	}
	if req.Credentials.IsZero() {
		return TokenPair{}, cause.With(missing("client_id"), cause.ClientNotNamed)
	}
	authentication, err := withoutUnknown(ctx, g, req)
	if err != nil {
		return TokenPair{}, err
	}
	client, err := e.clients.Authenticate(ctx, authentication)
	if err != nil {
		return TokenPair{}, err
	}
	if !client.may(g.Type()) {
		return TokenPair{}, &RefusedError{ClientID: client.ID, Err: notRegistered(client, g.Type())}
	}
	if err := checkProof(client, req.Proof); err != nil {
		return TokenPair{}, &RefusedError{ClientID: client.ID, Err: err}
	}
	pair, err := g.Issue(ctx, client, req)
	if err != nil {
		return TokenPair{}, &RefusedError{ClientID: client.ID, Err: err}
	}
	return e.identify(client, pair)
}

// withoutUnknown returns the request for the authentication of its client: without its proof, which is not
// recorded then, where the client is not authenticated and its code or token is not known.
func withoutUnknown(ctx context.Context, g GrantType, req Request) (Request, error) {
	if req.Proof.ID == nil || req.Credentials.Proves() {
		return req, nil
	}
	known, err := g.Known(ctx, req)
	if !known {
		req.Proof.ID = nil
	}
	return req, err
}

// notRegistered is the error of a client that is not registered for a grant type.
func notRegistered(client Client, grantType string) error {
	refused := &ParameterError{ErrUnauthorizedClient, "the client is not registered for the grant type " + grantType}
	return cause.Expecting(cause.With(refused, cause.GrantNotAllowed), "grant_type", strings.Join(client.GrantTypes, " "))
}

// identify adds the ID token to a token pair whose scope has openid.
func (e *Endpoint) identify(client Client, pair TokenPair) (TokenPair, error) {
	if e.IDTokens == nil || pair.Identity == nil || !slices.Contains(strings.Fields(pair.Scope), oauth.OpenIDScope) {
		return pair, nil
	}
	var err error
	pair.IDToken, err = e.IDTokens.Issue(client, pair)
	return pair, err
}
