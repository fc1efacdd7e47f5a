package admin

import (
	"context"
	"slices"
	"strconv"
	"strings"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
)

// Catalog is `usher catalog`.
type Catalog struct {
	Show  showCatalog  `cmd:"" help:"Show the scopes, endpoints and plans that the token service decides by now."`
	Check checkCatalog `cmd:"" help:"Check a catalog file without any service; a fault names its line."`
}

type showCatalog struct{}

// Run shows the catalog.
func (showCatalog) Run(ctx context.Context, s *Session) error {
	client, err := s.catalog()
	if err != nil {
		return err
	}
	res, err := client.GetCatalog(ctx, &tokenv1.GetCatalogRequest{})
	if err != nil {
		return err
	}
	t := table{{"SCOPE", "WHAT IT ALLOWS"}}
	for _, scope := range res.GetScopes() {
		t.add(scope.GetName(), scope.GetDescription())
	}
	t.add("")
	t.add("ENDPOINT", "SCOPE", "PLANS")
	for _, e := range res.GetEndpoints() {
		name := e.GetMethod() + " " + e.GetPath()
		t.add(name, e.GetScope(), orNone(strings.Join(plansWith(res.GetPlans(), name), ", ")))
	}
	t.add("")
	t.add("DIGEST", res.GetDigest())
	return s.print(res, t)
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

// Run checks a file.
func (c checkCatalog) Run(s *Session) error {
	read, err := catalog.Load(c.File)
	if err != nil {
		return err
	}
	answer := message(read)
	return s.print(answer, table{
		{c.File + " is valid"},
		{"SCOPES", strconv.Itoa(len(answer.GetScopes()))},
		{"ENDPOINTS", strconv.Itoa(len(answer.GetEndpoints()))},
		{"PLANS", strconv.Itoa(len(answer.GetPlans()))},
		{"DIGEST", answer.GetDigest()},
	})
}

// message is a file as GetCatalog would answer it, so that both can be compared.
func message(c *catalog.Catalog) *tokenv1.GetCatalogResponse {
	answer := &tokenv1.GetCatalogResponse{Digest: c.Digest()}
	for _, s := range c.Scopes() {
		answer.Scopes = append(answer.Scopes, &tokenv1.Scope{Name: s.Name, Description: s.Description})
	}
	for _, e := range c.Endpoints() {
		answer.Endpoints = append(answer.Endpoints, &tokenv1.Endpoint{Method: e.Method, Path: e.Path, Scope: e.Scope})
	}
	for _, p := range c.Plans() {
		plan := &tokenv1.Plan{Name: p.Name}
		for _, e := range p.Endpoints {
			plan.Endpoints = append(plan.Endpoints, e.String())
		}
		answer.Plans = append(answer.Plans, plan)
	}
	return answer
}
