package flow

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// checkScope takes exactly what is asked for, or nothing: no name is added or widened. The names of OpenID Connect alone are
// ignored where the catalog does not have them, and so are extra spaces; the granted scope says what was taken.
func checkScope(_ context.Context, f Flow, a *asked) error {
	scope, err := oauth.ParseAskedScope(a.value("scope"))
	switch {
	case errors.Is(err, oauth.ErrScopeMissing):
		return redirectWith("invalid_scope", "the parameter scope is missing")
	case err != nil:
		return redirectWith("invalid_scope", "the parameter scope must be names separated by spaces")
	}
	openID := oauth.OpenIDScopes()
	scope = scope.Without(func(name string) bool { return openID.Contains(name) && !f.Scopes.Known(name) })
	if len(scope) == 0 {
		return redirectWith("invalid_scope", "the parameter scope has only names of OpenID Connect, which are ignored here")
	}
	for _, name := range scope {
		if !f.Scopes.Known(name) {
			return redirectWith("invalid_scope", "the parameter scope has a name that does not exist")
		}
	}
	if !a.client.Scope.Covers(scope) {
		return redirectWith("invalid_scope", "the parameter scope has a name that the app is not registered for")
	}
	a.scope = scope
	return nil
}
