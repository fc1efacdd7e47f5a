package gateway

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/vidocu/usher/gateway/internal/forwardauth"
	"github.com/vidocu/usher/gateway/internal/guard"
	"github.com/vidocu/usher/gateway/internal/proxy"
)

// ForwardAuthPath is where ForwardAuth belongs on the second listener.
const ForwardAuthPath = "/forward-auth"

// ForwardAuth builds the handler that other front doors ask about a request. It belongs on a listener that only they reach.
func ForwardAuth(config Config, deps Deps) http.Handler {
	return forwardauth.Handler{Guard: guardOf(config, deps)}
}

// door is the way to the API.
func door(config Config, deps Deps) (http.Handler, error) {
	c := proxy.Config{
		Guard: guardOf(config, deps), Logger: deps.Logger, ForwardBearer: config.ForwardBearer, AnswerWithin: config.UpstreamTimeout,
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
