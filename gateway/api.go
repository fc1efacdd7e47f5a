package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/gateway/internal/docsite"
	"github.com/vidocu/usher/gateway/internal/forwardauth"
	"github.com/vidocu/usher/gateway/internal/guard"
	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/proxy"
	"github.com/vidocu/usher/gateway/internal/refusal"
)

// ForwardAuthPath is the path of ForwardAuth on the admin listener.
const ForwardAuthPath = "/forward-auth"

// ForwardAuth returns the handler that another reverse proxy asks whether a request may pass. It
// belongs on a listener that only such proxies reach.
func ForwardAuth(config Config, deps Deps) http.Handler {
	proxies, err := httpx.ParseProxies(config.TrustedProxies)
	if err != nil {
		proxies = httpx.Proxies{} // New refuses the settings
	}
	c := httpx.RouterConfig{Tracing: deps.Tracing, Refusals: refusalReporter(config, deps), Requests: deps.Requests}
	return c.Alone(ForwardAuthPath, forwardauth.Handler{Guard: newGuard(config, deps), Proxies: proxies})
}

// readyTimeout is the timeout of one readiness check of a checker that has not been ready yet.
const readyTimeout = 100 * time.Millisecond

// ReadyOnce returns a readiness check that succeeds from the first success of ready on. A token
// service that becomes unavailable later does not make the gateway unready: the pages work without
// it, and `/v1` responds 503.
func ReadyOnce(ready func(ctx context.Context) error) func(ctx context.Context) error {
	var succeeded atomic.Bool
	return func(ctx context.Context) error {
		if succeeded.Load() {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, readyTimeout)
		defer cancel()
		if err := ready(ctx); err != nil {
			return fmt.Errorf("the catalog has not been loaded yet: %w", err)
		}
		succeeded.Store(true)
		return nil
	}
}

// newProxy returns the handler of `/v1`: the access check, and the proxy to the upstream if there
// is one.
func newProxy(config Config, deps Deps, proxies httpx.Proxies) (http.Handler, error) {
	c := proxy.Config{
		Guard: newGuard(config, deps), Proxies: proxies, Logger: deps.Logger, ForwardBearer: config.ForwardBearer,
		ResponseHeaderTimeout: config.UpstreamTimeout, StallTimeout: config.StallTimeout,
	}
	api, err := url.Parse(deps.APIURL)
	if err != nil {
		return nil, fmt.Errorf("reading the API's address: %w", err)
	}
	c.Scheme = api.Scheme
	if deps.UpstreamURL != "" {
		if c.Upstream, err = url.Parse(deps.UpstreamURL); err != nil {
			return nil, fmt.Errorf("reading the upstream's address: %w", err)
		}
	}
	return proxy.New(c), nil
}

func newGuard(config Config, deps Deps) guard.Guard {
	return guard.Guard{Checker: deps.Checker, Logger: deps.Logger, Timeout: config.CallTimeout}
}

// refusalReporter logs and counts refused requests. In development each is logged at the default
// level.
func refusalReporter(config Config, deps Deps) refusal.Reporter {
	return refusal.Reporter{
		Logger: deps.Logger, Metrics: deps.Metrics, Verbose: config.LogRefusals || deps.Development,
		ErrorsPage: deps.PublicURL + docsite.ErrorsPath,
	}
}
