package rpc

import (
	"context"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
)

// Catalog serves the current catalog of this replica.
type Catalog struct {
	tokenv1.UnsafeCatalogServiceServer

	// Current returns the current catalog.
	Current func() *catalog.Catalog
}

// Digest returns the digest of the current catalog.
func (s *Catalog) Digest() string { return s.Current().Digest() }

// GetCatalog returns a consistent copy of the whole catalog.
func (s *Catalog) GetCatalog(context.Context, *tokenv1.GetCatalogRequest) (*tokenv1.GetCatalogResponse, error) {
	c := s.Current()
	res := &tokenv1.GetCatalogResponse{Digest: c.Digest()}
	for _, scope := range c.Scopes() {
		res.Scopes = append(res.Scopes, &tokenv1.Scope{Name: scope.Name, Description: scope.Description})
	}
	for _, e := range c.Endpoints() {
		res.Endpoints = append(res.Endpoints, &tokenv1.Endpoint{Method: e.Method, Path: e.Path, Scope: e.Scope})
	}
	for _, p := range c.Plans() {
		plan := &tokenv1.Plan{Name: p.Name}
		for _, e := range p.Endpoints {
			plan.Endpoints = append(plan.Endpoints, e.String())
		}
		res.Plans = append(res.Plans, plan)
	}
	for _, r := range c.Resources() {
		res.Resources = append(res.Resources, &tokenv1.Resource{
			Id: r.ID, Name: r.Name, Metadata: r.Metadata, Paths: r.Paths, MinimumScopes: r.Minimum, Documentation: r.Documentation,
		})
	}
	return res, nil
}
