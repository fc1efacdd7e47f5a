package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/sdk/enforce"
)

// Scope is a permission that a client may request, with its description for the consent screen.
//
// The fields after the description are optional. They are omitted from the digest where they are
// empty, so that a file without them has the digest that release 0.1 computes.
type Scope struct {
	Name        string
	Description string
	// Group is the heading of the scope on the consent screen: the kind of thing that it concerns.
	Group string `json:",omitempty"`
	// Access is whether the scope reads or changes; empty where the file does not say it.
	Access Access `json:",omitempty"`
	// Sensitive marks a scope that a user should look at twice.
	Sensitive bool `json:",omitempty"`
}

// Access is the effect of a scope.
type Access string

// The values of Access in the file.
const (
	AccessRead   Access = "read"
	AccessChange Access = "change"
)

// Plan is what a workspace has paid for: a subset of the catalog's endpoints, in its order.
type Plan struct {
	Name      string
	Endpoints []enforce.Endpoint
}

// Catalog is one validated file.
type Catalog struct {
	scopes       []Scope
	descriptions map[string]string
	endpoints    []enforce.Endpoint
	plans        []Plan
	// declared are the resources as the file has them, with the default one first; resources are
	// those at the address of the API.
	declared, resources []Resource
	// served are the resources of each server that the file names, fallback those of any other.
	served   map[string]oauth.Resources
	fallback oauth.Resources
	rules    *enforce.Rules
	digest   string
	// openID says that the scopes of OpenID Connect are among scopes.
	openID bool
}

// Scopes returns every scope in the order of the file.
func (c *Catalog) Scopes() []Scope { return slices.Clone(c.scopes) }

// Names returns the names of all scopes, in the order of the file.
func (c *Catalog) Names() []string {
	names := make([]string, len(c.scopes))
	for i, s := range c.scopes {
		names[i] = s.Name
	}
	return names
}

// Describe returns the description of a scope; ok is false for a scope that does not exist.
func (c *Catalog) Describe(name string) (description string, ok bool) {
	description, ok = c.descriptions[name]
	return description, ok
}

// Scope returns a scope; ok is false for one that does not exist.
func (c *Catalog) Scope(name string) (scope Scope, ok bool) {
	i := slices.IndexFunc(c.scopes, func(s Scope) bool { return s.Name == name })
	if i < 0 {
		return Scope{}, false
	}
	return c.scopes[i], true
}

// Known reports whether the scope exists.
func (c *Catalog) Known(name string) bool {
	_, ok := c.descriptions[name]
	return ok
}

// Endpoints returns every endpoint in the order of the file. If two match the same request, one has
// literal segments wherever they differ, and that one applies.
func (c *Catalog) Endpoints() []enforce.Endpoint { return slices.Clone(c.endpoints) }

// Plans returns every plan in the order of the file.
func (c *Catalog) Plans() []Plan {
	plans := slices.Clone(c.plans)
	for i := range plans {
		plans[i].Endpoints = slices.Clone(plans[i].Endpoints)
	}
	return plans
}

// KnownPlan reports whether the plan exists.
func (c *Catalog) KnownPlan(name string) bool {
	return slices.ContainsFunc(c.plans, func(p Plan) bool { return p.Name == name })
}

// Rules returns the catalog compiled for the matcher of sdk/enforce, which the gateway and the SDK
// share.
func (c *Catalog) Rules() *enforce.Rules { return c.rules }

// Digest returns a hash of the content in 64 hexadecimal digits. It is equal for two files with the
// same content in different layouts, so that replicas with different catalogs can be detected.
func (c *Catalog) Digest() string { return c.digest }

// sections are the content of a file. The digest is that of their JSON: a file without resources has
// the digest that release 0.1 computes.
type sections struct {
	Scopes    []Scope
	Endpoints []enforce.Endpoint
	Plans     []Plan
	Resources []Resource `json:",omitempty"`
}

func newCatalog(s sections) (*Catalog, error) {
	c := &Catalog{
		scopes: s.Scopes, descriptions: map[string]string{}, endpoints: s.Endpoints,
		plans: s.Plans, declared: withDefault(s.Resources, s.Endpoints),
	}
	for _, scope := range s.Scopes {
		c.descriptions[scope.Name] = scope.Description
	}
	if _, err := compile(s.Endpoints, s.Plans, nil); err != nil {
		return nil, err
	}
	content, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	c.digest = hex.EncodeToString(sum[:])
	return c.At(""), nil
}

func compile(endpoints []enforce.Endpoint, plans []Plan, resources []enforce.Resource) (*enforce.Rules, error) {
	sets := make([]enforce.Plan, len(plans))
	for i, p := range plans {
		sets[i].Name = p.Name
		for _, e := range p.Endpoints {
			sets[i].Endpoints = append(sets[i].Endpoints, e.String())
		}
	}
	return enforce.Compile(endpoints, sets, resources...)
}
