package flow

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkScope accepts the requested scope unchanged or not at all: it adds and widens nothing. Only
// OpenID Connect's scopes are ignored that do not exist or that the client is not registered for, since
// libraries send them by default, and extra spaces; the granted scope lists what was accepted. A request without a scope asks for the client's default scope
// (RFC 6749 §3.3).
func checkScope(_ context.Context, f Flow, a *request) error {
	requested, err := oauth.ParseRequestedScope(a.value("scope"))
	if err != nil && !errors.Is(err, oauth.ErrScopeMissing) {
		return invalidScope(cause.ScopeMalformed, "the parameter scope "+oauth.DescribeMalformed(a.value("scope")))
	}
	openID := oauth.OpenIDScopes()
	scope := requested.Without(func(name string) bool {
		return openID.Contains(name) && (!f.Scopes.Known(name) || f.Scopes.IsOpenID(name) && !a.client.Scope.Contains(name))
	})
	if len(scope) == 0 {
		scope = f.defaultScope(a)
	}
	switch {
	case len(scope) == 0 && len(requested) == 0:
		return invalidScope(cause.ScopeMissing, "the parameter scope is missing, and the app has no default scope")
	case len(scope) == 0:
		return invalidScope(cause.ScopeMissing,
			"the parameter scope has only names of OpenID Connect, such as "+oauth.Quote(requested[0])+", which are ignored for the app, and it has no default scope")
	}
	for _, name := range scope {
		if !f.Scopes.Known(name) {
			return invalidScope(cause.ScopeUnknown, oauth.DescribeUnknown(name, f.Scopes.Names()))
		}
	}
	if missing := scope.Missing(a.client.Scope); len(missing) > 0 {
		return invalidScope(cause.ScopeNotAllowed, "the app is not registered for the scope "+oauth.Quote(missing[0]))
	}
	a.Scope = scope
	return nil
}

// defaultScope returns the client's default scope, without names that left the catalog or the
// client's registration since it was registered. A client that registered itself, and named none, has
// the scopes that the resources of the request need at least.
func (f Flow) defaultScope(a *request) oauth.Scope {
	scope := a.client.DefaultScope
	if len(scope) == 0 && a.client.SelfRegistered {
		asked, _ := f.Resources.ResourceIDs().Select(a.params.Values("resource")) // checkResource refuses what is not known
		scope = f.Resources.Minimum(asked)
	}
	return scope.Without(func(name string) bool { return !f.Scopes.Known(name) || !a.client.Scope.Contains(name) })
}
