package grant

import (
	"errors"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// ResourceCatalog has the protected resources that exist now.
type ResourceCatalog interface {
	// ResourceIDs lists them, the default one first.
	ResourceIDs() oauth.Resources
	// Belongs reports whether a scope makes sense for one of the resources; none are the default one.
	Belongs(scope string, ids oauth.Resources) bool
}

// Resources narrows a grant to the protected resources that a token request asks for (RFC 8707 §2.2).
type Resources struct {
	Catalog ResourceCatalog
}

// narrow returns the scope and the resources of an access token in their stored form: empty for all of the
// grant's. A request may narrow them and never widen them. want is the requested scope, within the granted
// one; nil for none.
func (n Resources) narrow(granted Granted, want oauth.Scope, asked []string) (narrowed Granted, err error) {
	if narrowed.Resources, err = n.selected(granted.Resources, asked); err != nil {
		return Granted{}, err
	}
	if narrowed.Resources != nil {
		want, err = n.scopeFor(narrowed.Resources, want, strings.Fields(granted.Scope))
	}
	narrowed.Scope = want.String()
	return narrowed, err
}

// selected returns the requested resources of those granted; nil for all.
func (n Resources) selected(granted oauth.Resources, asked []string) (oauth.Resources, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	if len(granted) == 0 {
		granted = n.Catalog.ResourceIDs()[:1]
	}
	selected, err := granted.Select(asked)
	switch {
	case errors.Is(err, oauth.ErrResourceMalformed):
		return nil, invalidTarget(cause.ResourceMalformed, "resource must be an absolute URI without a fragment, at most eight times")
	case err != nil:
		err = invalidTarget(cause.ResourceNotGranted, "the resource was not granted: a token request may only narrow the resources")
		return nil, cause.Expecting(err, "resource", strings.Join(granted, " "))
	case len(selected) == len(granted):
		return nil, nil
	}
	return selected, nil
}

// scopeFor returns the scope for some of a grant's resources; nil for all of the granted scope. It is the
// requested one, all of which must make sense for them, or else those names of the granted one that do.
func (n Resources) scopeFor(ids oauth.Resources, want, granted oauth.Scope) (oauth.Scope, error) {
	whole := granted.Missing(granted.Outside(ids, n.Catalog.Belongs))
	switch {
	case want != nil:
		if err := checkBelongs(n.Catalog, want, ids); err != nil {
			return nil, cause.Expecting(err, "scope", whole.String())
		}
		return want, nil
	case len(whole) == 0:
		return nil, invalidScope(cause.ScopeNotGranted, "no scope was granted that makes sense for the resource of the request")
	case len(whole) == len(granted):
		return nil, nil
	}
	return whole, nil
}

// checkBelongs refuses a scope that makes sense for none of the resources, as the authorization endpoint does.
func checkBelongs(catalog ResourceCatalog, scope oauth.Scope, ids oauth.Resources) error {
	if outside := scope.Outside(ids, catalog.Belongs); len(outside) > 0 {
		return invalidScope(cause.ScopeUnknown, oauth.DescribeOutside(outside[0]))
	}
	return nil
}

// sameResources refuses a repeated request for other resources than the first one had: it is not a
// retry.
func (n Resources) sameResources(replay Replay, issued oauth.Resources, asked []string) error {
	if len(asked) == 0 {
		return nil
	}
	selected, err := n.selected(replay.Resources, asked)
	if err != nil {
		return err
	}
	slices.Sort(selected)
	if !slices.Equal(selected, slices.Sorted(slices.Values(issued))) {
		err = invalidTarget(cause.ResourceOtherAtRetry, "a repeated refresh must ask for the same resource as the first")
		return cause.Expecting(err, "resource", strings.Join(issued, " "))
	}
	return nil
}
