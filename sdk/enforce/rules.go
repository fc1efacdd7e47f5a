package enforce

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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

// Compile makes rules of a catalog. It fails when a path does not begin with a slash, has a segment that no request could mean
// unambiguously, or stands twice, and when a plan names an endpoint that is not there. Where a request fits two endpoints the
// one with fewer variables is meant, and of equals the earlier.
func Compile(endpoints []Endpoint, plans []Plan) (*Rules, error) {
	r := &Rules{bySize: map[string][][]compiled{}, plans: map[string][]bool{}}
	places := map[string]int{}
	for i, e := range endpoints {
		segments, err := segmentsOf(e.Path)
		if err != nil {
			return nil, fmt.Errorf("endpoint %q: %w", e.Method+" "+e.Path, err)
		}
		if !r.add(compiled{Endpoint: e, segments: segments, index: i}) {
			return nil, fmt.Errorf("endpoint %q stands twice", e.Method+" "+e.Path)
		}
		places[e.Method+" "+e.Path] = i
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

// add reports false for an endpoint that is there already, be it with other names for its variables.
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

// segmentsOf cuts a path of the catalog. An empty literal would read as a variable here, so it is refused as are those that
// another part could take for something else.
func segmentsOf(path string) ([]string, error) {
	rest, rooted := strings.CutPrefix(path, "/")
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		switch {
		case len(s) > 1 && s[0] == ':' && plain(s[1:]):
			segments[i] = ""
		case !rooted || !plain(s):
			return nil, errPath
		}
	}
	return segments, nil
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

// RequireScope judges an active token by one scope, for what no catalog lists: nil allows it. An access token needs the
// scope, an API key is bound by none, and anything else opens nothing.
func RequireScope(s Subject, scope string) *Denial {
	switch {
	case s.Kind == APIKey, s.Kind == AccessToken && slices.Contains(s.Scopes, scope):
		return nil
	case s.Kind == AccessToken:
		return insufficientScope(scope, s.Scopes)
	}
	return Unauthenticated(true)
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
