package enforce

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is what sort of credential a token is.
type Kind uint8

// The kinds. The zero value opens nothing.
const (
	// AccessToken is an OAuth access token, `vdo_oat_…`: its scopes bind it.
	AccessToken Kind = iota + 1
	// APIKey is a workspace's key, `vdo_live_…`: no scope binds it.
	APIKey
	// UserToken is a token of the VIDIZMO API, which opens no endpoint of the catalog.
	UserToken
)

// Subject is what a decision needs to know of an active token.
type Subject struct {
	Kind Kind
	// Scopes bind an AccessToken and nothing else.
	Scopes []string
	// Plan is the plan of the token's workspace, by its name in the catalog.
	Plan string
}

// Endpoint is one row of the catalog. In Path a segment that begins with a colon stands for any one segment.
type Endpoint struct {
	Method, Path, Scope string
}

// Plan is a plan of the catalog: its endpoints by "METHOD path".
type Plan struct {
	Name      string
	Endpoints []string
}

// Rules are a catalog, made ready. They never change and may be used concurrently.
type Rules struct {
	// bySize holds the endpoints of a method by their number of segments, the more literal ones first.
	bySize map[string][][]compiled
	// plans holds for each plan which endpoints it has, by their place in the catalog.
	plans map[string][]bool
}

type compiled struct {
	Endpoint
	// segments are the path's; an empty one stands for any.
	segments []string
	index    int
}

// Compile makes rules of a catalog. It fails when a plan names an endpoint that is not there.
func Compile(endpoints []Endpoint, plans []Plan) (*Rules, error) {
	r := &Rules{bySize: map[string][][]compiled{}, plans: map[string][]bool{}}
	places := map[string]int{}
	for i, e := range endpoints {
		places[e.Method+" "+e.Path] = i
		r.add(compiled{Endpoint: e, segments: segmentsOf(e.Path), index: i})
	}
	for _, p := range plans {
		has := make([]bool, len(endpoints))
		for _, name := range p.Endpoints {
			i, ok := places[name]
			if !ok {
				return nil, fmt.Errorf("plan %q has the endpoint %q, which is not in the catalog", p.Name, name)
			}
			has[i] = true
		}
		r.plans[p.Name] = has
	}
	return r, nil
}

func (r *Rules) add(c compiled) {
	n := len(c.segments)
	sized := r.bySize[c.Method]
	for len(sized) <= n {
		sized = append(sized, nil)
	}
	sized[n] = append(sized[n], c)
	slices.SortStableFunc(sized[n], func(a, b compiled) int { return variables(a) - variables(b) })
	r.bySize[c.Method] = sized
}

func variables(c compiled) (n int) {
	for _, s := range c.segments {
		if s == "" {
			n++
		}
	}
	return n
}

func segmentsOf(path string) []string {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		if strings.HasPrefix(s, ":") {
			segments[i] = ""
		}
	}
	return segments
}

// Decide judges an active token's request: the path, then the scope, then the plan. nil allows it. The path is as it stood
// in the request line, undecoded and without the query.
func (r *Rules) Decide(s Subject, method, path string) *Denial {
	if s.Kind != AccessToken && s.Kind != APIKey {
		return Unauthenticated(true)
	}
	e := r.match(method, path)
	switch {
	case e == nil:
		return notFound()
	case s.Kind == AccessToken && !slices.Contains(s.Scopes, e.Scope):
		return insufficientScope(e.Scope, s.Scopes)
	case !r.has(s.Plan, e):
		return planRestricted()
	}
	return nil
}

func (r *Rules) has(plan string, e *compiled) bool {
	has := r.plans[plan]
	return has != nil && has[e.index]
}

// Match finds the endpoint that a request is for; ok is false where the catalog knows none.
func (r *Rules) Match(method, path string) (e Endpoint, ok bool) {
	if c := r.match(method, path); c != nil {
		return c.Endpoint, true
	}
	return Endpoint{}, false
}
