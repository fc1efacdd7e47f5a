package flow

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkResource accepts the protected resources that the client asks for (RFC 8707 §2), and refuses
// a scope that makes sense for none of them. Without any the request is for the default resource.
func checkResource(_ context.Context, f Flow, a *request) error {
	known := f.Resources.ResourceIDs()
	selected, err := known.Select(a.params.Values("resource"))
	switch {
	case errors.Is(err, oauth.ErrResourceMalformed):
		return redirectWith(cause.ResourceMalformed, invalidTarget,
			"the parameter resource must be an absolute URI without a fragment, at most eight times")
	case err != nil:
		return redirectWith(cause.ResourceUnknown, invalidTarget, "the parameter resource names no resource of this server")
	}
	if outside := a.Scope.Outside(selected, f.Resources.Belongs); len(outside) > 0 {
		return invalidScope(cause.ScopeUnknown, oauth.DescribeOutside(outside[0]))
	}
	if len(selected) == 1 && selected[0] == known[0] {
		selected = nil // the default resource has one stored form, which release 0.1 writes too
	}
	a.Resources = selected
	return nil
}

// invalidTarget is the error code of RFC 8707 §2.
const invalidTarget = "invalid_target"
