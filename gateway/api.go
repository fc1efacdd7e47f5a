package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/gateway/internal/forwardauth"
	"github.com/vidocu/usher/gateway/internal/guard"
	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/proxy"
	"github.com/vidocu/usher/gateway/internal/refusal"
)

// ForwardAuthPath is where ForwardAuth belongs on the second listener.
const ForwardAuthPath = "/forward-auth"

// ForwardAuth builds the handler that other front doors ask about a request. It belongs on a listener that only they reach.
func ForwardAuth(config Config, deps Deps) http.Handler {
	return deps.Tracing.Handler(ForwardAuthPath, httpx.Named(
		ForwardAuthPath, refusals(config, deps), forwardauth.Handler{Guard: guardOf(config, deps)},
	))
}

// warmWithin bounds one look at a checker that is not ready.
const warmWithin = 100 * time.Millisecond

// Warm is a check for readiness that holds once the checker was ready for the first time. Later it does not matter: a token
// service that is away keeps nobody from the pages, and `/v1` says so itself.
func Warm(ready func(ctx context.Context) error) func(ctx context.Context) error {
	var warm atomic.Bool
	return func(ctx context.Context) error {
		if warm.Load() {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, warmWithin)
		defer cancel()
		if err := ready(ctx); err != nil {
			return fmt.Errorf("the catalog is not known yet: %w", err)
		}
		warm.Store(true)
		return nil
	}
}

// door is the way to the API.
func door(config Config, deps Deps, proxies httpx.Proxies) (http.Handler, error) {
	c := proxy.Config{
		Guard: guardOf(config, deps), Proxies: proxies, Logger: deps.Logger, ForwardBearer: config.ForwardBearer,
		AnswerWithin: config.UpstreamTimeout, MoveWithin: config.StallTimeout,
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

func guardOf(config Config, deps Deps) guard.Guard {
	return guard.Guard{Checker: deps.Checker, Logger: deps.Logger, Timeout: config.CallTimeout}
}

// refusals logs and counts what is refused: in development each is a line at the default level.
func refusals(config Config, deps Deps) refusal.Reporter {
	return refusal.Reporter{Logger: deps.Logger, Metrics: deps.Metrics, Verbose: config.LogRefusals || deps.Development}
}
