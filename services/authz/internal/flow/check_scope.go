package flow

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkScope takes exactly what is asked for, or nothing: no name is added or widened. The names of OpenID Connect alone are
// ignored where the catalog does not have them, and so are extra spaces; the granted scope says what was taken.
func checkScope(_ context.Context, f Flow, a *asked) error {
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
