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

// catalog is the rules that the token service decides by. A new one takes the place of the old one whole; where it cannot be
// read or makes no sense the old one stays.
type catalog struct {
	service tokenv1.CatalogServiceClient
	state   *state
	logger  *slog.Logger
	current atomic.Pointer[edition]
	// wake asks for a reading; one that is asked for already is enough.
	wake chan struct{}
}

type edition struct {
	rules  *enforce.Rules
	digest string
}

func newCatalog(service tokenv1.CatalogServiceClient, s *state, logger *slog.Logger) *catalog {
	return &catalog{service: service, state: s, logger: logger, wake: make(chan struct{}, 1)}
}

// rules is nil until the first catalog has been read.
func (c *catalog) rules() *enforce.Rules {
	if e := c.current.Load(); e != nil {
		return e.rules
	}
	return nil
}

// announced hears which catalog the server has. Replicas may differ for a moment: it is read again until the digests agree.
func (c *catalog) announced(digest string) {
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

// run reads the catalog at once and whenever it is asked to, again and again until that succeeds.
func (c *catalog) run(ctx context.Context) {
	var pause backoff
	for {
		if err := c.read(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			if pause.first() {
				c.logger.LogAttrs(ctx, slog.LevelWarn, "catalog cannot be read", slog.Any("error", err))
			}
			c.state.gotCatalog(err)
			if !pause.wait(ctx) {
				return
			}
			continue
		}
		pause.reset()
		c.state.gotCatalog(nil)
		select {
		case <-c.wake:
		case <-ctx.Done():
			return
		}
	}
}

func (c *catalog) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	res, err := c.service.GetCatalog(ctx, &tokenv1.GetCatalogRequest{}, grpc.WaitForReady(true))
	if err != nil {
		return fmt.Errorf("reading the catalog: %w", err)
	}
	rules, err := enforce.Compile(rowsOf(res))
	if err != nil {
		return fmt.Errorf("reading the catalog: %w", err)
	}
	c.current.Store(&edition{rules: rules, digest: res.GetDigest()})
	return nil
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
