package enforce

import (
	"slices"
	"strings"

	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// Resource is a protected resource: an API that access tokens are issued for (RFC 8707, RFC 9728).
// The zero value is an API without an identifier: it accepts every token, and its challenges name
// no metadata.
type Resource struct {
	// ID is its identifier, an absolute URI: the value of `aud` of its tokens.
	ID string
	// Metadata is the URL of its metadata (RFC 9728 §3).
	Metadata string
	// Paths are the paths that its endpoints of the catalog begin with, whole segments each. The
	// resource without any is the default one, which has all other endpoints.
	Paths []string
}

// Challenge returns a denial with the status 401 with the challenge of the resource, and the scopes
// that the request needs. It returns any other denial unchanged.
func (r Resource) Challenge(d *Denial, scopes ...string) *Denial {
	if d.Status != statusUnauthorized {
		return d
	}
	challenged := *d
	if d.otherResource {
		challenged.resource = r.ID
	}
	challenge := Challenge{Scopes: scopes, ResourceMetadata: r.Metadata}
	if d.tokenSent {
		challenge.Error, challenge.Description = errorInvalidToken, d.Message
		switch d.key { //nolint:exhaustive // the others have the error of any token
		case InvalidProof:
			challenge.Error = errorInvalidProof
		case NeedsNonce:
			challenge.Error = errorUseNonce
		}
	}
	challenged.Challenge = challenge.in(d.scheme)
	return &challenged
}

// RequireScope checks an active token for the resource and for one scope, for endpoints that are
// not in the catalog. It returns nil where it is allowed. An access token needs both. An API key
// has no audience, and needs the scope only if scopes restrict it. Any other token is refused, and so is
// one that is bound to a key whose proof has not been checked.
func (r Resource) RequireScope(s Subject, scope string) *Denial {
	if !s.Kind.Scoped() && !s.Kind.IsAPIKey() {
		return r.Challenge(Unauthenticated(true), scope)
	}
	if s.unproved() {
		return r.Challenge(unproved(), scope)
	}
	if !s.limited() {
		return nil
	}
	if s.Kind.Scoped() && r.ID != "" && !slices.Contains(s.Audience, r.ID) {
		return r.Challenge(otherResource(s.Audience), scope)
	}
	if !slices.Contains(s.Scopes, scope) {
		return r.insufficientScope(scope, s)
	}
	return nil
}

func (r Resource) insufficientScope(needed string, s Subject) *Denial {
	has := s.Scopes
	d := &Denial{
		Status: statusForbidden, Code: CodeInsufficientScope, needed: needed,
		Message: `This action requires the "` + needed + `" scope. Your token has: ` + strings.Join(has, ", "),
	}
	challenge := Challenge{
		Error: errorInsufficientScope, Scopes: union([]string{needed}, has), ResourceMetadata: r.Metadata, Description: d.Message,
	}
	if s.Bound { // the client sent it as DPoP, and will send the next one so
		challenge.Algorithms = dpop.Algorithms()
	}
	d.Challenge = challenge.String()
	return d
}

// otherResource returns the denial of an access token that was issued for other resources.
func otherResource(audience []string) *Denial {
	d := Unauthenticated(true)
	d.Message = "This token was issued for another resource"
	if len(audience) > 0 {
		d.Message = "This token was issued for " + strings.Join(audience, ", ")
	}
	d.otherResource = true
	return d
}

// resources finds the resource of a path.
type resources struct {
	// fallback is the default resource.
	fallback Resource
	others   []Resource
}

func newResources(all []Resource) (r resources) {
	for _, resource := range all {
		if len(resource.Paths) > 0 {
			r.others = append(r.others, resource)
		} else if r.fallback.ID == "" {
			r.fallback = resource
		}
	}
	return r
}

// at returns the resource of a path, undecoded: that with the longest path that it begins with.
func (r *resources) at(path string) *Resource {
	found, longest := &r.fallback, 0
	for i := range r.others {
		for _, prefix := range r.others[i].Paths {
			if len(prefix) > longest && under(path, prefix) {
				found, longest = &r.others[i], len(prefix)
			}
		}
	}
	return found
}

// under reports whether a path begins with all segments of another.
func under(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// accept reports whether an access token was issued for a resource. A token without an audience is
// for the default one: services before release 0.2 have no others.
func (r *resources) accept(at *Resource, audience []string) bool {
	return at.ID == "" || len(audience) == 0 && at == &r.fallback || slices.Contains(audience, at.ID)
}
