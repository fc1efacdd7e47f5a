package flow

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkScope accepts the requested scope unchanged or not at all: it adds and widens nothing. Only
// OpenID Connect's scopes that are not in the catalog are ignored, and extra spaces; the granted
// scope lists what was accepted.
func checkScope(_ context.Context, f Flow, a *request) error {
	scope, err := oauth.ParseRequestedScope(a.value("scope"))
	switch {
	case errors.Is(err, oauth.ErrScopeMissing):
		return invalidScope(cause.ScopeMissing, "the parameter scope is missing")
	case err != nil:
		return invalidScope(cause.ScopeMalformed, "the parameter scope "+oauth.DescribeMalformed(a.value("scope")))
	}
	openID := oauth.OpenIDScopes()
	scope = scope.Without(func(name string) bool { return openID.Contains(name) && !f.Scopes.Known(name) })
	if len(scope) == 0 {
		return invalidScope(cause.ScopeMissing, "the parameter scope has only names of OpenID Connect, which are ignored here")
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
