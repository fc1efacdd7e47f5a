package enforce

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Subject holds the properties of an active token that a decision depends on.
type Subject struct {
	Kind Kind
	// Scopes apply to an AccessToken and a ServiceToken, and to a RestrictedAPIKey unless it has none.
	Scopes []string
	// Audience are the identifiers of the resources that such a token was issued for; empty for the
	// default resource.
	Audience []string
	// Plan is the plan of the token's workspace, by its name in the catalog.
	Plan string
	// Bound says that the token is bound to a key, and Proved that the request proves it: Proofs.Confirm
	// returned nil. A bound token without the proof is refused.
	Bound, Proved bool
}

// unproved reports whether nothing has checked a proof of the token's key.
func (s *Subject) unproved() bool { return s.Bound && !s.Proved }

// limited reports whether the token may call only what its scopes name.
func (s *Subject) limited() bool {
	return s.Kind.Scoped() || s.Kind == RestrictedAPIKey && len(s.Scopes) > 0
}

// Endpoint is a row of the catalog. In Path a segment that begins with a colon is a variable, which
// matches any one segment.
type Endpoint struct {
	Method, Path, Scope string
}

// String returns method and path, as a plan and the documents write them.
func (e Endpoint) String() string { return e.Method + " " + e.Path }

// Plan is a plan of the catalog with its endpoints as "METHOD path".
type Plan struct {
	Name      string
	Endpoints []string
}

// Rules is a compiled catalog. It is immutable and may be used concurrently.
type Rules struct {
	// bySize holds the endpoints of a method by their number of segments, those with fewer
	// variables first.
	bySize map[string][][]compiled
	// plans holds for each plan which endpoints it includes, by their index in the catalog.
	plans     map[string][]bool
	resources resources
}

type compiled struct {
	Endpoint
	// segments are the path's; an empty one is a variable.
	segments []string
	index    int
}

// Compile compiles a catalog. It returns an error for a path that does not begin with a slash, has
// an ambiguous segment or is a duplicate, and for a plan with an endpoint that is not in the
// catalog. A request that matches two endpoints is assigned to the one with fewer variables, and of
// equals to the earlier one. Without resources every token is accepted, and challenges name no
// metadata.
func Compile(endpoints []Endpoint, plans []Plan, all ...Resource) (*Rules, error) {
	r := &Rules{bySize: map[string][][]compiled{}, plans: map[string][]bool{}, resources: newResources(all)}
	indexes := map[string]int{}
	for i, e := range endpoints {
		segments, err := segmentsOf(e.Path)
		if err != nil {
			return nil, fmt.Errorf("endpoint %q: %w", e.Method+" "+e.Path, err)
		}
		if !r.add(compiled{Endpoint: e, segments: segments, index: i}) {
			return nil, fmt.Errorf("endpoint %q is a duplicate", e)
		}
		indexes[e.String()] = i
	}
	for _, p := range plans {
		has := make([]bool, len(endpoints))
		for _, name := range p.Endpoints {
			i, ok := indexes[name]
			if !ok {
				return nil, fmt.Errorf("plan %q has the endpoint %q, which is not in the catalog", p.Name, name)
			}
			has[i] = true
		}
		r.plans[p.Name] = has
	}
	return r, nil
}

// add returns false for a duplicate, which may have other names of its variables.
func (r *Rules) add(c compiled) bool {
	n := len(c.segments)
	sized := r.bySize[c.Method]
	for len(sized) <= n {
		sized = append(sized, nil)
	}
	if slices.ContainsFunc(sized[n], func(old compiled) bool { return slices.Equal(old.segments, c.segments) }) {
		return false
	}
	sized[n] = append(sized[n], c)
	slices.SortStableFunc(sized[n], func(a, b compiled) int { return variables(a) - variables(b) })
	r.bySize[c.Method] = sized
	return true
}

func variables(c compiled) (n int) {
	for _, s := range c.segments {
		if s == "" {
			n++
		}
	}
	return n
}

var errPath = errors.New("a path is a slash, then segments of unreserved characters or variables, each with a slash between")

// segmentsOf splits a path of the catalog. It refuses empty segments, which represent variables
// here, and segments that another component may interpret differently.
func segmentsOf(path string) ([]string, error) {
	rest, rooted := strings.CutPrefix(path, "/")
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		switch {
		case len(s) > 1 && s[0] == ':' && literal(s[1:]):
			segments[i] = ""
		case !rooted || !literal(s):
			return nil, errPath
		}
	}
	return segments, nil
}

// Decide checks an active token's request: the resource that it was issued for, the path, then the
// scope, then the plan. It returns nil for an allowed one. The path is that of the request line,
// undecoded and without the query.
func (r *Rules) Decide(s Subject, method, path string) *Denial {
	if !s.Kind.Scoped() && !s.Kind.IsAPIKey() {
		return r.Challenge(Unauthenticated(true), method, path)
	}
	if s.unproved() {
		return r.Challenge(unproved(), method, path)
	}
	resource := r.resources.at(path)
	if s.Kind.Scoped() && !r.resources.accept(resource, s.Audience) {
		audience := s.Audience
		if len(audience) == 0 {
			audience = []string{r.resources.fallback.ID}
		}
		return r.Challenge(otherResource(audience), method, path)
	}
	e := r.match(method, path)
	switch {
	case e == nil:
		return notFound()
	case s.limited() && !slices.Contains(s.Scopes, e.Scope):
		return resource.insufficientScope(e.Scope, s)
	case !r.has(s.Plan, e):
		return planRestricted()
	}
	return nil
}

// Challenge returns a denial with the status 401 with the challenge of the request's resource: its
// metadata, and the scope that the endpoint needs if the catalog has it. It returns any other
// denial unchanged, and also every denial where r is nil.
func (r *Rules) Challenge(d *Denial, method, path string) *Denial {
	if r == nil {
		return d
	}
	resource := r.resources.at(path)
	if e := r.match(method, path); e != nil {
		return resource.Challenge(d, e.Scope)
	}
	return resource.Challenge(d)
}

// RequireScope is Resource.RequireScope for an API without an identifier.
func RequireScope(s Subject, scope string) *Denial { return Resource{}.RequireScope(s, scope) }

func (r *Rules) has(plan string, e *compiled) bool {
	has := r.plans[plan]
	return has != nil && has[e.index]
}

// Match returns the endpoint of a request; ok is false where the catalog has none.
func (r *Rules) Match(method, path string) (e Endpoint, ok bool) {
	if c := r.match(method, path); c != nil {
		return c.Endpoint, true
	}
	return Endpoint{}, false
}
