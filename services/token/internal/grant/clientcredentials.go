package grant

import (
	"context"
	"errors"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrRevokedMeanwhile is a client whose access was revoked after ServiceIssue.Since.
var ErrRevokedMeanwhile = errors.New("access was revoked while the token was being issued")

// ServiceIssue writes an access token that a client gets for itself.
type ServiceIssue struct {
	Access   secret.Hash
	ClientID string
	// Service is the client's workspace and its registered scope.
	Service oauth.Service
	// Scope is the token's.
	Scope oauth.Scope
	// Resources are the token's; nil for the default one.
	Resources oauth.Resources
	Lifetimes Lifetimes
	// Key is the thumbprint of the key that the token is bound to; empty for none.
	Key string
	// Since is a cursor of the revocation log from before the client was authenticated.
	Since int64
}

// ServiceStore writes access tokens of clients.
type ServiceStore interface {
	// IssueService writes the token, in one transaction, if nothing of the client was revoked after
	// Since; otherwise it returns ErrRevokedMeanwhile and writes nothing.
	IssueService(ctx context.Context, i ServiceIssue) error
}

// Cursor returns the end of the revocation log as the database has it.
type Cursor interface {
	Cursor(ctx context.Context) (int64, error)
}

// ServiceCatalog has the scopes and the protected resources that exist now.
type ServiceCatalog interface {
	ResourceCatalog
	Known(scope string) bool
	// IsOpenID reports whether a scope is one of OpenID Connect.
	IsOpenID(scope string) bool
	Names() []string
}

// ScopeRecorder records which scopes clients get. It never blocks.
type ScopeRecorder interface {
	Granted(clientID string, scope oauth.Scope)
}

// ClientCredentials is the grant type of RFC 6749 §4.4: a client gets a token for itself, in the
// workspace that it belongs to. There is no refresh token (RFC 6749 §4.4.3).
type ClientCredentials struct {
	// Clients authenticates again after a revocation.
	Clients   Clients
	Store     ServiceStore
	Log       Cursor
	Catalog   ServiceCatalog
	Lifetimes Lifetimes
	// Scopes records the scopes of tokens; nil records nothing.
	Scopes ScopeRecorder
}

// Type is `client_credentials`.
func (ClientCredentials) Type() string { return oauth.ClientCredentialsGrant }

// Check requires nothing but the client's credentials.
func (ClientCredentials) Check(Request) error { return nil }

// Known returns false: the request has no code and no refresh token that could be known. Without credentials
// that authenticate its client it issues nothing, and its proof is not recorded.
func (ClientCredentials) Known(context.Context, Request) (bool, error) { return false, nil }

// Issue issues an access token. If access of the client was revoked since it was authenticated, it
// authenticates the client once more: a proof from before a revocation issues nothing after it. An
// assertion is valid once (RFC 7523 §3), so that a client that sent one gets ErrRevokedMeanwhile and
// repeats the request with another.
func (g ClientCredentials) Issue(ctx context.Context, client Client, req Request) (TokenPair, error) {
	for {
		token, err := g.issue(ctx, client, req)
		if !errors.Is(err, ErrRevokedMeanwhile) || !req.Credentials.Assertion.IsZero() {
			return token, err
		}
		req.Proof.ID = nil // the first authentication has spent it
		since, err := g.Log.Cursor(ctx)
		if err != nil {
			return TokenPair{}, err
		}
		if client, err = g.Clients.Authenticate(ctx, req); err != nil {
			return TokenPair{}, err
		}
		client.Since = since
	}
}

func (g ClientCredentials) issue(ctx context.Context, client Client, req Request) (TokenPair, error) {
	if !client.may(g.Type()) || client.Service.WorkspaceID == "" {
		return TokenPair{}, notRegistered(client, g.Type())
	}
	resources, err := g.resources(req.Resource)
	if err != nil {
		return TokenPair{}, err
	}
	scope, err := g.scope(client, req.Scope, resources)
	if err != nil {
		return TokenPair{}, err
	}
	token := TokenPair{
		Access: secret.Generate(secret.AccessToken), ExpiresIn: g.Lifetimes.Service, Scope: scope.String(), Resources: resources,
		Key: req.Proof.Key,
	}
	err = g.Store.IssueService(ctx, ServiceIssue{
		Access: secret.Sum(token.Access.Reveal()), ClientID: client.ID, Service: client.Service, Scope: scope, Resources: resources,
		Lifetimes: g.Lifetimes, Since: client.Since, Key: req.Proof.Key,
	})
	if err == nil && g.Scopes != nil {
		g.Scopes.Granted(client.ID, scope)
	}
	return token, err
}

// resources returns the protected resources of the token (RFC 8707 §2) in their stored form: nil for
// the default one.
func (g ClientCredentials) resources(asked []string) (oauth.Resources, error) {
	known := g.Catalog.ResourceIDs()
	selected, err := known.Select(asked)
	switch {
	case errors.Is(err, oauth.ErrResourceMalformed):
		return nil, invalidTarget(cause.ResourceMalformed, "resource must be an absolute URI without a fragment, at most eight times")
	case err != nil:
		return nil, cause.Expecting(invalidTarget(cause.ResourceUnknown, "resource names no resource of this server"), "resource", strings.Join(known, " "))
	case len(selected) == 1 && selected[0] == known[0]:
		return nil, nil
	}
	return selected, nil
}

// scope returns the token's scope: the requested one, or else all that the client may request and
// that makes sense for the resources. OpenID Connect's names are ignored: the token
// has no user.
func (g ClientCredentials) scope(client Client, asked string, resources oauth.Resources) (oauth.Scope, error) {
	requested, err := oauth.ParseRequestedScope(asked)
	if err != nil && !errors.Is(err, oauth.ErrScopeMissing) {
		return nil, invalidScope(cause.ScopeMalformed, "scope "+oauth.DescribeMalformed(asked))
	}
	openID := oauth.OpenIDScopes()
	ignored := func(name string) bool {
		return g.Catalog.IsOpenID(name) || openID.Contains(name) && !g.Catalog.Known(name)
	}
	scope := requested.Without(ignored)
	if len(scope) == 0 {
		scope = client.Service.Scope.Without(ignored)
		scope = scope.Missing(scope.Outside(resources, g.Catalog.Belongs))
	}
	if len(scope) == 0 {
		return nil, invalidScope(cause.ScopeMissing, "the client is registered for no scope of the resource")
	}
	for _, name := range scope {
		switch {
		case !g.Catalog.Known(name):
			err = invalidScope(cause.ScopeUnknown, "the scope "+oauth.DescribeUnknown(name, g.Catalog.Names()))
		case !client.Service.Scope.Contains(name):
			err = invalidScope(cause.ScopeNotAllowed, "the client is not registered for the scope "+oauth.Quote(name))
		default:
			continue
		}
		return nil, cause.Expecting(err, "scope", client.Service.Scope.String())
	}
	if err := checkBelongs(g.Catalog, scope, resources); err != nil {
		return nil, cause.Expecting(err, "scope", client.Service.Scope.String())
	}
	return scope, nil
}

// NotedClients notes in Client.Since where the revocation log was before the client was
// authenticated.
type NotedClients struct {
	Clients
	// Applied returns a cursor of the revocation log that is not later than its end; it may be
	// earlier.
	Applied func() int64
}

// Authenticate is Clients.
func (n NotedClients) Authenticate(ctx context.Context, req Request) (Client, error) {
	since := n.Applied()
	client, err := n.Clients.Authenticate(ctx, req)
	client.Since = since
	return client, err
}
