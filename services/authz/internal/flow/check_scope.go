package flow

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkScope takes exactly what is asked for, or nothing: no name is dropped, added or widened.
func checkScope(_ context.Context, f Flow, a *asked) error {
	scope, err := oauth.ParseScope(a.value("scope"))
	switch {
	case errors.Is(err, oauth.ErrScopeMissing):
		return invalidScope(cause.ScopeMissing, "the parameter scope is missing")
	case err != nil:
		return invalidScope(cause.ScopeMalformed, "the parameter scope "+oauth.DescribeMalformed(a.value("scope")))
	}
	for _, name := range scope {
		if !f.Scopes.Known(name) {
			return invalidScope(cause.ScopeUnknown, oauth.DescribeUnknown(name, f.Scopes.Names()))
		}
	}
	if missing := scope.Missing(a.client.Scope); len(missing) > 0 {
		return invalidScope(cause.ScopeNotAllowed, "the app is not registered for the scope "+oauth.Quote(missing[0]))
	}
	a.scope = scope
	return nil
}
