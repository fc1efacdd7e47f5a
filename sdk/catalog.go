package usher

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"google.golang.org/grpc"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// catalog holds the token service's current catalog. A new version replaces the old one atomically;
// where it cannot be loaded or compiled the old one stays.
type catalog struct {
	service   tokenv1.CatalogServiceClient
	readiness *readiness
	logger    *slog.Logger
	current   atomic.Pointer[version]
	// wake requests a reload; it has room for one request.
	wake chan struct{}
}

type version struct {
	rules  *enforce.Rules
	digest string
}

func newCatalog(service tokenv1.CatalogServiceClient, s *readiness, logger *slog.Logger) *catalog {
	return &catalog{service: service, readiness: s, logger: logger, wake: make(chan struct{}, 1)}
}

// rules returns the compiled catalog, and nil until the first one is loaded.
func (c *catalog) rules() *enforce.Rules {
	if e := c.current.Load(); e != nil {
		return e.rules
	}
	return nil
}

// checkDigest requests a reload where the server's catalog has another digest. The replicas' catalogs
// may differ for a moment: it is reloaded until the digests match.
func (c *catalog) checkDigest(digest string) {
	if e := c.current.Load(); digest != "" && e != nil && e.digest != digest {
		c.refresh()
	}
}

func (c *catalog) refresh() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run loads the catalog at the start and at each request, and retries until it succeeds.
func (c *catalog) run(ctx context.Context) {
	var pause backoff
	for {
		if err := c.load(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			if pause.first() {
				c.logger.LogAttrs(ctx, slog.LevelWarn, "catalog cannot be loaded", slog.Any("error", err))
			}
			c.readiness.setCatalog(err)
			if !pause.wait(ctx) {
				return
			}
			continue
		}
		pause.reset()
		c.readiness.setCatalog(nil)
		select {
		case <-c.wake:
		case <-ctx.Done():
			return
		}
	}
}

func (c *catalog) load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	res, err := c.service.GetCatalog(ctx, &tokenv1.GetCatalogRequest{}, grpc.WaitForReady(true))
	if err != nil {
		return fmt.Errorf("loading the catalog: %w", err)
	}
	endpoints, plans := rowsOf(res)
	rules, err := enforce.Compile(endpoints, plans, resourcesOf(res)...)
	if err != nil {
		return fmt.Errorf("loading the catalog: %w", err)
	}
	c.current.Store(&version{rules: rules, digest: res.GetDigest()})
	return nil
}

// resourcesOf returns the resources, the default one first; none of a service before release 0.2.
func resourcesOf(res *tokenv1.GetCatalogResponse) []enforce.Resource {
	resources := make([]enforce.Resource, len(res.GetResources()))
	for i, r := range res.GetResources() {
		resources[i] = enforce.Resource{ID: r.GetId(), Metadata: r.GetMetadata(), Paths: r.GetPaths()}
	}
	return resources
}

func rowsOf(res *tokenv1.GetCatalogResponse) (endpoints []enforce.Endpoint, plans []enforce.Plan) {
	for _, e := range res.GetEndpoints() {
		endpoints = append(endpoints, enforce.Endpoint{Method: e.GetMethod(), Path: e.GetPath(), Scope: e.GetScope()})
	}
	for _, p := range res.GetPlans() {
		plans = append(plans, enforce.Plan{Name: p.GetName(), Endpoints: p.GetEndpoints()})
	}
	return endpoints, plans
}
