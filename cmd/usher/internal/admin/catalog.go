package admin

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
)

// Catalog is `usher catalog`.
type Catalog struct {
	Show  command[struct{}] `cmd:"" help:"Show the scopes, endpoints, plans and resources that the token service uses now."`
	Check checkCatalog      `cmd:"" help:"Validate a catalog file without any service; an error names its line."`
}

func showCatalog(ctx context.Context, s *Session, _ struct{}) error {
	return call(ctx, tokenv1.NewCatalogServiceClient(remote{s, "token"}).GetCatalog, &tokenv1.GetCatalogRequest{}, rows(s, catalogRows))
}

func catalogRows(res *tokenv1.GetCatalogResponse) table.Rows {
	t := table.Rows{{"SCOPE", "WHAT IT ALLOWS"}}
	for _, scope := range res.GetScopes() {
		t.Add(scope.GetName(), scope.GetDescription())
	}
	t.Add("")
	t.Add("ENDPOINT", "SCOPE", "PLANS")
	for _, e := range res.GetEndpoints() {
		name := e.GetMethod() + " " + e.GetPath()
		t.Add(name, e.GetScope(), orNone(strings.Join(plansWith(res.GetPlans(), name), ", ")))
	}
	t.Add("")
	t.Add("RESOURCE", "SCOPES AT LEAST", "PATHS", "NAME")
	for i, r := range res.GetResources() {
		paths := orNone(strings.Join(r.GetPaths(), ", "))
		if i == 0 {
			paths = "all others"
		}
		t.Add(r.GetId(), strings.Join(r.GetMinimumScopes(), " "), paths, orNone(r.GetName()))
	}
	t.Add("")
	t.Add("DIGEST", res.GetDigest())
	return t
}

func plansWith(plans []*tokenv1.Plan, endpoint string) (names []string) {
	for _, p := range plans {
		if slices.Contains(p.GetEndpoints(), endpoint) {
			names = append(names, p.GetName())
		}
	}
	return names
}

type checkCatalog struct {
	File string `arg:"" help:"The catalog, YAML."`
}

// Run validates a file.
func (c checkCatalog) Run(s *Session) error {
	loaded, err := catalog.Load(c.File)
	if err != nil {
		return err
	}
	settings, err := s.settings()
	if err != nil { // the file is valid whatever the settings are
		fmt.Fprintf(s.Err, "The settings cannot be read, so that the digest has no scopes of OpenID Connect: %v\n", err)
	}
	if err == nil && settings.OpenID { // as the services do, so that the digests can be compared
		loaded = loaded.WithOpenID()
	}
	response := catalogResponse(loaded)
	return s.print(response, table.Rows{
		{c.File + " is valid"},
		{"SCOPES", strconv.Itoa(len(response.GetScopes()))},
		{"ENDPOINTS", strconv.Itoa(len(response.GetEndpoints()))},
		{"PLANS", strconv.Itoa(len(response.GetPlans()))},
		{"RESOURCES", strconv.Itoa(len(response.GetResources()))},
		{"DIGEST", response.GetDigest()},
	})
}

// catalogResponse is a file in the form of GetCatalog's response, so that the two can be compared.
func catalogResponse(c *catalog.Catalog) *tokenv1.GetCatalogResponse {
	response := &tokenv1.GetCatalogResponse{Digest: c.Digest()}
	for _, s := range c.Scopes() {
		response.Scopes = append(response.Scopes, &tokenv1.Scope{Name: s.Name, Description: s.Description})
	}
	for _, e := range c.Endpoints() {
		response.Endpoints = append(response.Endpoints, &tokenv1.Endpoint{Method: e.Method, Path: e.Path, Scope: e.Scope})
	}
	for _, p := range c.Plans() {
		plan := &tokenv1.Plan{Name: p.Name}
		for _, e := range p.Endpoints {
			plan.Endpoints = append(plan.Endpoints, e.String())
		}
		response.Plans = append(response.Plans, plan)
	}
	for _, r := range c.Resources() {
		response.Resources = append(response.Resources, &tokenv1.Resource{
			Id: r.ID, Name: r.Name, Paths: r.Paths, MinimumScopes: r.Minimum, Documentation: r.Documentation,
		})
	}
	return response
}
