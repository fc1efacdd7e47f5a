package catalog

import (
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/sdk/enforce"
)

// Resource is a protected resource: an API that access tokens are issued for (RFC 8707, RFC 9728).
type Resource struct {
	// ID is the identifier, an absolute URI. Those of the file that begin with a slash are paths at
	// the address of the API.
	ID string
	// Name is for people; empty for a default resource that the file does not name.
	Name string
	// Paths are the paths that its endpoints begin with. The default resource has none, and all
	// endpoints that no other has.
	Paths []string
	// Scopes are all scopes that make sense for the resource, Minimum those that a client needs at
	// least.
	Scopes, Minimum []string
	// Documentation is a page for developers; empty for none.
	Documentation string
	// Servers are the resource servers: the identifiers of clients that introspect over HTTP, and
	// the names of certificates that do so over gRPC. A server that no resource names serves the
	// default one.
	Servers []string
	// DPoP says that requests with a token that is bound to a key are checked for a proof (RFC 9449 §7):
	// by the gateway, which serves the default resource and those with paths, or by the resource server,
	// as the file says of it.
	DPoP bool `json:",omitempty"`
	// Metadata is the URL of the metadata (RFC 9728 §3).
	Metadata string
}

const (
	// defaultResource is the identifier of the default resource in the file.
	defaultResource = "/v1"
	// metadataPath is the path of the metadata of protected resources (RFC 9728 §3).
	metadataPath = "/.well-known/oauth-protected-resource"
)

// MetadataPath is the path below which the gateway serves the metadata of protected resources.
func MetadataPath() string { return metadataPath }

// Resources returns the protected resources, the default one first, then in the order of the file.
func (c *Catalog) Resources() []Resource { return slices.Clone(c.resources) }

// ResourceIDs returns the identifiers of Resources, in their order.
func (c *Catalog) ResourceIDs() oauth.Resources {
	ids := make(oauth.Resources, len(c.resources))
	for i, r := range c.resources {
		ids[i] = r.ID
	}
	return ids
}

// ResourcesOf returns the identifiers of the resources that a resource server serves, by the name
// of its certificate or the identifier of its client. A server that the file does not name serves
// the default resource. The caller must not change the list.
func (c *Catalog) ResourcesOf(server string) oauth.Resources {
	if ids, ok := c.served[server]; ok {
		return ids
	}
	return c.fallback
}

// DefaultResource returns the identifier of the default resource. The caller must not change the
// list.
func (c *Catalog) DefaultResource() oauth.Resources { return c.fallback }

// Belongs reports whether a scope makes sense for one of the resources; nil is the default one.
// A scope of OpenID Connect does for all of them, since it concerns the user: it says what the ID token is for.
// UserInfo needs an access token for the default one.
func (c *Catalog) Belongs(scope string, ids oauth.Resources) bool {
	if c.IsOpenID(scope) {
		return true
	}
	for i, r := range c.resources {
		if (ids.Contains(r.ID) || len(ids) == 0 && i == 0) && slices.Contains(r.Scopes, scope) {
			return true
		}
	}
	return false
}

// Minimum returns the scopes that a client needs at least for the resources, each once; nil is the
// default one.
func (c *Catalog) Minimum(ids oauth.Resources) oauth.Scope {
	var scope oauth.Scope
	for i, r := range c.resources {
		if !ids.Contains(r.ID) && (len(ids) > 0 || i > 0) {
			continue
		}
		for _, name := range r.Minimum {
			if !scope.Contains(name) {
				scope = append(scope, name)
			}
		}
	}
	return scope
}

// At returns the catalog for an API at an origin, such as https://api.example.com: with the whole
// identifiers of its resources, and the URLs of their metadata. Load and Default return it for an
// empty origin.
func (c *Catalog) At(origin string) *Catalog {
	at := *c
	at.resources = make([]Resource, len(c.declared))
	at.served, at.fallback = map[string]oauth.Resources{}, nil
	for i, r := range c.declared {
		r.Scopes = c.scopesOf(i)
		r.DPoP = r.DPoP || i == 0 || len(r.Paths) > 0
		if strings.HasPrefix(r.ID, "/") {
			r.Metadata = origin + metadataPath + r.ID
			r.ID = origin + r.ID
		} else if rest, own := strings.CutPrefix(r.ID, origin+"/"); own && origin != "" {
			r.Metadata = strings.TrimSuffix(origin+metadataPath+"/"+rest, "/")
		} else {
			_, rest, _ := strings.Cut(r.ID, "://")
			r.Metadata = strings.TrimSuffix(origin+metadataPath+"/"+rest, "/")
		}
		at.resources[i] = r
		for _, server := range r.Servers {
			at.served[server] = append(at.served[server], r.ID)
		}
	}
	at.fallback = oauth.Resources{at.resources[0].ID}
	rules := make([]enforce.Resource, len(at.resources))
	for i, r := range at.resources {
		rules[i] = enforce.Resource{ID: r.ID, Metadata: r.Metadata, Paths: r.Paths}
	}
	at.rules, _ = compile(at.endpoints, at.plans, rules) // newCatalog has compiled the same rows
	return &at
}

// scopesOf returns the scopes of a declared resource: those of its endpoints, and those that the
// file lists. The default resource has all that no other resource has alone.
func (c *Catalog) scopesOf(i int) []string {
	uses := func(r Resource, scope string) bool {
		return slices.Contains(r.Scopes, scope) || slices.Contains(r.Minimum, scope) || slices.ContainsFunc(c.endpoints, func(e enforce.Endpoint) bool {
			return e.Scope == scope && c.ownerOf(e) == r.ID
		})
	}
	var scopes []string
	for _, scope := range c.scopes {
		if c.IsOpenID(scope.Name) {
			continue
		}
		others := slices.ContainsFunc(c.declared[1:], func(r Resource) bool { return uses(r, scope.Name) })
		if uses(c.declared[i], scope.Name) || i == 0 && !others {
			scopes = append(scopes, scope.Name)
		}
	}
	return scopes
}

// ownerOf returns the declared identifier of the resource that an endpoint belongs to.
func (c *Catalog) ownerOf(e enforce.Endpoint) string {
	owner, longest := c.declared[0].ID, 0
	for _, r := range c.declared {
		for _, prefix := range r.Paths {
			if len(prefix) > longest && (e.Path == prefix || strings.HasPrefix(e.Path, prefix+"/")) {
				owner, longest = r.ID, len(prefix)
			}
		}
	}
	return owner
}

// withDefault returns the resources of a file with the default one first. A file that does not name
// it has one that needs the scope of the first endpoint: clients ask for the minimum at first.
func withDefault(resources []Resource, endpoints []enforce.Endpoint) []Resource {
	first := Resource{ID: defaultResource, Minimum: []string{endpoints[0].Scope}}
	var others []Resource
	for _, r := range resources {
		if r.ID == defaultResource {
			first = r
		} else {
			others = append(others, r)
		}
	}
	return append([]Resource{first}, others...)
}

// readResources reads the resources; a file without the section has none.
func readResources(n *yaml.Node, scopes []Scope) ([]Resource, error) {
	if n == nil {
		return nil, nil
	}
	entries, err := items(n)
	if err != nil {
		return nil, err
	}
	var resources []Resource
	for _, entry := range entries {
		r, err := readResource(entry, scopes)
		if err != nil {
			return nil, err
		}
		for _, other := range resources {
			if other.ID == r.ID {
				return nil, faultAt(entry, "resource %q appears twice", r.ID)
			}
			if i := slices.IndexFunc(r.Paths, func(path string) bool { return slices.Contains(other.Paths, path) }); i >= 0 {
				return nil, faultAt(entry, "resource %q: path %q appears twice", r.ID, r.Paths[i])
			}
		}
		resources = append(resources, r)
	}
	return resources, nil
}

func readResource(entry *yaml.Node, scopes []Scope) (Resource, error) {
	parts, err := fieldsWith(entry, []string{"id", "name", "scopes_minimum"}, "paths", "scopes", "docs", "servers", "dpop")
	if err != nil {
		return Resource{}, err
	}
	var r Resource
	for _, part := range [...]struct {
		key string
		to  *string
	}{{"id", &r.ID}, {"name", &r.Name}, {"docs", &r.Documentation}} {
		if n := parts[part.key]; n != nil {
			if *part.to, err = text(n); err != nil {
				return Resource{}, err
			}
		}
	}
	for _, part := range [...]struct {
		key string
		to  *[]string
	}{{"scopes_minimum", &r.Minimum}, {"paths", &r.Paths}, {"scopes", &r.Scopes}, {"servers", &r.Servers}} {
		if n := parts[part.key]; n != nil {
			if *part.to, err = textList(n); err != nil {
				return Resource{}, err
			}
		}
	}
	if n := parts["dpop"]; n != nil && (n.ShortTag() != "!!bool" || n.Decode(&r.DPoP) != nil) {
		return Resource{}, faultAt(entry, "dpop of %q is not true or false", r.ID)
	}
	if fault := r.fault(scopes); fault != "" {
		return Resource{}, faultAt(entry, "resource %q: %s", r.ID, fault)
	}
	return r, nil
}

// fault describes what is wrong with a resource of the file; empty for nothing.
func (r *Resource) fault(scopes []Scope) string {
	switch {
	case !validResourceID(r.ID):
		return "the id is neither a path such as /v1 nor an https address without a fragment, in lower case and without the default port"
	case !showable(r.Name):
		return "the name is not one line"
	case r.ID == defaultResource && len(r.Paths) > 0:
		return "the default resource has no paths: it has every endpoint that no other resource has"
	case r.Documentation != "" && !webAddress(r.Documentation):
		return "docs is not an https address"
	}
	for _, path := range r.Paths {
		if !literalPath(path) {
			return "path " + path + " is not a slash and segments"
		}
	}
	for _, name := range slices.Concat(r.Scopes, r.Minimum) {
		if !slices.ContainsFunc(scopes, func(s Scope) bool { return s.Name == name }) {
			return "scope " + name + " does not exist"
		}
	}
	return ""
}

// validResourceID reports whether the file may have an identifier: in the spelling that tokens and
// metadata have, so that a client that compares bytes finds it equal.
func validResourceID(id string) bool {
	if strings.HasPrefix(id, "/") {
		return literalPath(id)
	}
	canonical, err := oauth.CanonicalResource(id)
	return err == nil && (id == canonical || id == canonical+"/") && webAddress(id)
}

// webAddress reports whether an address is of https, or of http at this machine.
func webAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return false
	}
	local := slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && local
}

func literalPath(path string) bool {
	segments, rooted := split(path)
	return rooted && !slices.ContainsFunc(segments, func(s string) bool { return !literal(s) })
}
