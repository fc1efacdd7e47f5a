package flow

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// checkScope takes exactly what is asked for, or nothing: no name is dropped, added or widened.
func checkScope(_ context.Context, f Flow, a *asked) error {
	scope, err := oauth.ParseScope(a.value("scope"))
	switch {
	case errors.Is(err, oauth.ErrScopeMissing):
		return redirectWith("invalid_scope", "the parameter scope is missing")
	case err != nil:
		return redirectWith("invalid_scope", "the parameter scope must be names separated by single spaces")
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
