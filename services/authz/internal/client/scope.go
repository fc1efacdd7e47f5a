package client

import "github.com/vidocu/usher/internal/platform/oauth"

// LimitScope returns the scope of a client that registers or describes itself: the names that it asks for
// and that the operator allows. It is everything that is allowed if the client asks for no scope, or for
// scopes of OpenID Connect alone that are not allowed, which libraries name by default.
func LimitScope(asked, allowed oauth.Scope) oauth.Scope {
	openID := oauth.OpenIDScopes()
	names := asked.Without(func(name string) bool { return openID.Contains(name) && !allowed.Contains(name) })
	if len(names) == 0 {
		return allowed
	}
	return names.Without(func(name string) bool { return !allowed.Contains(name) })
}
