package rolling

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/test/harness"
)

// resourceServer is the name of the introspectors' certificate.
const resourceServer = "video-api"

// introspectPause is the time between two checks of one introspector.
const introspectPause = 5 * time.Millisecond

// retryPause is the time that a gRPC caller waits before a retry, as the gateway's Retry-After
// returns to HTTP clients.
const retryPause = 2 * time.Second

// sdkStaleLimit is how long the SDK may use its cache after a revocation has returned: less than a
// second, if the stream is cut just then (docs/sdk.md), and five more for a busy machine. Once it
// has denied a token it must never allow it again.
const sdkStaleLimit = 6 * time.Second

// introspectFunc reports whether a token is active.
type introspectFunc func(ctx context.Context, o *operation, token string) (bool, error)

// revokedToken is a revoked token, and when the response to its revocation arrived.
type revokedToken struct {
	token string
	since time.Time
}

// dial opens the two gRPC connections for introspection, over both replicas. closeAll closes them.
func (w *world) dial() (closeAll func(), err error) {
	d := w.fleet.deployment
	creds, err := usher.Certificate{
		CertFile: filepath.Join(d.Dir(), resourceServer+".pem"), KeyFile: filepath.Join(d.Dir(), resourceServer+".key"),
		CAFile: filepath.Join(d.Dir(), "ca.pem"), TrustDomain: harness.TrustDomain,
	}.Credentials()
	if err != nil {
		return nil, err
	}
	conn, err := dialReplicas(d.TokenAddrs, creds)
	if err != nil {
		return nil, err
	}
	client, err := usher.Dial("replicas:///token", creds, usher.WithDialOptions(grpc.WithResolvers(replicas(d.TokenAddrs))))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	w.introspectors = map[kind]introspectFunc{overHTTP: w.introspectHTTP, overGRPC: introspectGRPC(tokenv1.NewIntrospectionServiceClient(conn)), bySDK: introspectSDK(client)}
	return func() {
		_ = client.Close() // the run is over
		_ = conn.Close()
	}, nil
}

// dialReplicas opens a connection as a caller without the SDK does.
func dialReplicas(addrs []string, creds credentials.TransportCredentials) (*grpc.ClientConn, error) {
	return grpc.NewClient("replicas:///token", grpc.WithTransportCredentials(creds), grpc.WithResolvers(replicas(addrs)),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quickly(), MinConnectTimeout: 2 * time.Second}))
}

// replicas resolves to every address, as a headless Service does.
func replicas(addrs []string) resolver.Builder {
	r := manual.NewBuilderWithScheme("replicas")
	var state resolver.State
	for _, addr := range addrs {
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: addr}}})
	}
	r.InitialState(state)
	return r
}

func (w *world) introspectHTTP(ctx context.Context, o *operation, token string) (bool, error) {
	a, err := w.ok(ctx, o, "/oauth/introspect", map[string]any{
		"token": token, "client_id": harness.ResourceID, "client_secret": harness.ResourcePW,
	})
	active, _ := a.body["active"].(bool)
	return active, err
}

// introspectGRPC retries once when a replica becomes unavailable: introspection is idempotent.
func introspectGRPC(service tokenv1.IntrospectionServiceClient) introspectFunc {
	return func(ctx context.Context, o *operation, token string) (bool, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callLimit)
		defer cancel()
		res, err := service.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token})
		if status.Code(err) == codes.Unavailable {
			o.retry(err.Error())
			time.Sleep(retryPause)
			res, err = service.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token})
		}
		return res.GetActive(), err
	}
}

func introspectSDK(client *usher.Client) introspectFunc {
	return func(ctx context.Context, o *operation, token string) (bool, error) {
		ctx = context.WithoutCancel(ctx)
		active, err := checkSDK(ctx, client, token)
		if err != nil {
			o.retry(err.Error())
			time.Sleep(retryPause)
			active, err = checkSDK(ctx, client, token)
		}
		return active, err
	}
}

// checkSDK returns an error where the SDK has no decision.
func checkSDK(ctx context.Context, client *usher.Client, token string) (bool, error) {
	_, err := client.Check(ctx, token, "GET", "/v1/videos")
	var denial *enforce.Denial
	if errors.As(err, &denial) && denial.Status == 401 {
		return false, nil
	}
	return err == nil, err
}

// introspectOnce introspects a token as one operation.
func (w *world) introspectOnce(ctx context.Context, k kind, introspectFunc introspectFunc, token string) (active, known bool) {
	o := w.tally.start(k)
	active, err := introspectFunc(ctx, o, token)
	return active, o.end(err) == nil
}

// keepIntrospecting introspects live and revoked tokens in turn, and counts wrong results.
func (w *world) keepIntrospecting(ctx context.Context, k kind) {
	denied := map[string]bool{} // by this introspector
	for turn := 0; ctx.Err() == nil; turn++ {
		if turn%2 == 0 {
			w.introspectLive(ctx, k)
		} else {
			w.introspectRevoked(ctx, k, denied)
		}
		pause(ctx, introspectPause)
	}
}

func (w *world) introspectLive(ctx context.Context, k kind) {
	var token string
	w.clientState.change(func() {
		if n := len(w.clientState.live); n > 0 {
			token = w.clientState.live[rand.N(n)]
		}
	})
	if token == "" {
		return
	}
	if active, known := w.introspectOnce(ctx, k, w.introspectors[k], token); known && !active {
		w.verdict.count(&w.verdict.FalseDenials, fmt.Sprintf("%s: a live token is denied", k))
	}
}

// introspectRevoked introspects a revoked token, most often a recent one.
func (w *world) introspectRevoked(ctx context.Context, k kind, denied map[string]bool) {
	var c revokedToken
	w.clientState.change(func() {
		if n := len(w.clientState.revoked); n > 0 {
			c = w.clientState.revoked[n-1-min(rand.N(n), rand.N(n), rand.N(n))]
		}
	})
	if c.token == "" {
		return
	}
	started := time.Now()
	active, known := w.introspectOnce(ctx, k, w.introspectors[k], c.token)
	switch {
	case known && !active:
		denied[c.token] = true
	case !known:
	case k == bySDK && !denied[c.token] && started.Sub(c.since) < sdkStaleLimit:
		w.verdict.late(started.Sub(c.since))
	default:
		w.verdict.count(&w.verdict.StaleAllows,
			fmt.Sprintf("%s: a token is allowed %s after its revocation, denied before: %t", k, started.Sub(c.since), denied[c.token]))
	}
}
