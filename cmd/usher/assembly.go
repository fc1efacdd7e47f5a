package main

import (
	"context"
	"net/http"

	"github.com/vidocu/usher/examples/videoapi"
	"github.com/vidocu/usher/gateway"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
	sdk "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/httpauth"
	"github.com/vidocu/usher/services/activity"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/consent"
	"github.com/vidocu/usher/services/identity"
	"github.com/vidocu/usher/services/token"
)

// startAll starts every service in one process, the one that calls no other first, and returns the development API key on the start
// that created it, else the zero secret.
func startAll(ctx context.Context, host *run.Host, c *settings) (apiKey secret.String, err error) {
	if _, err := identity.Start(ctx, host.For("identity"), c.Identity); err != nil {
		return apiKey, err
	}
	if _, err := authz.Start(ctx, host.For("authz"), c.Authz); err != nil {
		return apiKey, err
	}
	tokens, err := token.Start(ctx, host.For("token"), c.Token)
	if err != nil {
		return apiKey, err
	}
	if apiKey, err = tokens.SeedDevelopment(ctx); err != nil {
		return apiKey, err
	}
	if _, err := consent.Start(ctx, host.For("consent"), c.Consent); err != nil {
		return apiKey, err
	}
	if _, err := activity.Start(ctx, host.For("activity"), c.Activity); err != nil {
		return apiKey, err
	}
	if c.UpstreamURL == "" {
		if c.UpstreamURL, err = startExample(host.For(exampleAPI)); err != nil {
			return apiKey, err
		}
	}
	return apiKey, gateway.Start(ctx, host.For("gateway"), c.Gateway)
}

// exampleAPI is the name by which the example API introspects tokens.
const exampleAPI = "video-api"

// startExample serves the example API behind /v1, which checks every token itself through the SDK, and returns its origin. Like the
// gateway of this process it caches nothing.
func startExample(host *run.Host) (string, error) {
	conn, err := host.Dial("token")
	if err != nil {
		return "", err
	}
	checker := sdk.New(conn, sdk.WithCacheSize(0))
	host.Closing(checker.Close)
	lis, err := host.Listen("the example API", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	// The gateway, which names the client's address, is the only one that reaches this listener.
	client := func(r *http.Request) string { return r.Header.Get("X-Real-Ip") }
	host.ServeHTTP(lis, videoapi.New(checker, httpauth.WithSource(client)), 0)
	return "http://" + lis.Addr().String(), nil
}

// listeners returns where a service is served besides the memory: at the operator's socket, and the token service at the local
// port, where any caller is a resource server.
func (s *settings) listeners(host *run.Host) ([]rpcserver.Listener, error) {
	all, err := s.operator(host)
	if err != nil || host.Name != "token" {
		return all, err
	}
	lis, err := host.Listen("grpc_addr", s.GRPCAddr)
	if err != nil {
		return nil, err
	}
	return append(all, rpcserver.Listener{Listener: lis, Credentials: mtls.Plaintext()}), nil
}
