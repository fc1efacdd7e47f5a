package introspect

import (
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/sdk/enforce"
)

// Resources knows the protected resources of the catalog. The lists that it returns are shared.
type Resources interface {
	// DefaultResource returns the identifier of the default resource.
	DefaultResource() oauth.Resources
	// ResourcesOf returns the resources that a resource server serves, by its name.
	ResourcesOf(server string) oauth.Resources
}

// For returns an introspector for a resource server, which sees only tokens for a resource that it
// serves (RFC 8707 §3). Without it, every token is visible.
func (i Introspector) For(server string) Introspector {
	if i.Resources != nil {
		i.served = i.Resources.ResourcesOf(server)
	}
	return i
}

// serves reports whether the introspector's server serves a resource of the token. A token without
// resources, an API key and a user token are for the default resource.
func (i *Introspector) serves(facts *Facts) bool {
	if i.served == nil {
		return true
	}
	resources := facts.Resources
	if len(resources) == 0 {
		resources = i.Resources.DefaultResource()
	}
	return slices.ContainsFunc(resources, i.served.Contains)
}

// resolve sets the default resource as that of a token that is stored without any. A user token has
// none: it is for the user API.
func (i *Introspector) resolve(facts *Facts) {
	if i.Resources != nil && len(facts.Resources) == 0 && facts.Kind != 0 && facts.Kind != enforce.UserToken {
		facts.Resources = i.Resources.DefaultResource()
	}
}
