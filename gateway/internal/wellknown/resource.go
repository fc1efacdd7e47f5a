package wellknown

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/sdk/enforce/dpop"
)

// Resources serves the metadata of protected resources (RFC 9728): each at the path of its own
// metadata URL, and the only one at the API's origin also at the root.
type Resources struct {
	// Issuer is the authorization server of every resource.
	Issuer string
	// API is the origin of the API.
	API string
	// Resources returns the protected resources that exist at present.
	Resources func() []catalog.Resource
	// NotFound serves the path of a resource that does not exist.
	NotFound http.Handler
}

// resourceDocument is RFC 9728 §2. Members without a value are left out (§3.2).
type resourceDocument struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	ScopesSupported      []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	ProofAlgorithms      []string `json:"dpop_signing_alg_values_supported,omitempty"`
	Name                 string   `json:"resource_name,omitempty"`
	Documentation        string   `json:"resource_documentation,omitempty"`
}

// ServeHTTP is http.Handler.
func (p Resources) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found := p.find(r.URL.EscapedPath())
	if found == nil {
		p.NotFound.ServeHTTP(w, r)
		return
	}
	document := resourceDocument{
		Resource: found.ID, AuthorizationServers: []string{p.Issuer}, ScopesSupported: found.Minimum,
		BearerMethods: []string{"header"}, Name: found.Name, Documentation: found.Documentation,
	}
	if found.DPoP {
		document.ProofAlgorithms = dpop.Algorithms()
	}
	writeDocument(w, r, document)
}

// find returns the resource whose metadata URL has the path, and at the root the one at the API's
// origin, if there is exactly one.
func (p Resources) find(path string) *catalog.Resource {
	resources := p.Resources()
	if path == catalog.MetadataPath() {
		own := slices.DeleteFunc(resources, func(r catalog.Resource) bool { return !sameOrigin(r.ID, p.API) })
		if len(own) == 1 {
			return &own[0]
		}
		return nil
	}
	for i := range resources {
		if u, err := url.Parse(resources[i].Metadata); err == nil && u.EscapedPath() == path {
			return &resources[i]
		}
	}
	return nil
}

func sameOrigin(a, b string) bool {
	left, errLeft := url.Parse(a)
	right, errRight := url.Parse(b)
	return errLeft == nil && errRight == nil && left.Scheme == right.Scheme && left.Host == right.Host
}
