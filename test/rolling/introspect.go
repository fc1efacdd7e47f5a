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

// resourceServer is whose certificate the introspectors show.
const resourceServer = "video-api"

// askPause is between two questions of one introspector.
const askPause = 5 * time.Millisecond

// askAgain is what a caller over gRPC waits before it asks again, as the gateway tells those over HTTP.
const askAgain = 2 * time.Second

// settleTime is how long the SDK may go on with what it remembers after a revocation has returned: less than a second, if
// the stream is cut just then (docs/sdk.md), and five more for a machine that is busy. Once it has denied a
// token it must not allow it at all.
const settleTime = 6 * time.Second

// ask says whether a token is active.
type ask func(ctx context.Context, o *operation, token string) (bool, error)

// corpse is a token that was revoked, and when the answer of that had arrived.
type corpse struct {
	token string
	since time.Time
}

// dialSDK opens the two gRPC ways to ask, over both replicas. The answer ends them.
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
	w.asks = map[kind]ask{overHTTP: w.askHTTP, overGRPC: askGRPC(tokenv1.NewIntrospectionServiceClient(conn)), bySDK: askSDK(client)}
	return func() {
		_ = client.Close() // the run is over
		_ = conn.Close()
	}, nil
}

// dialReplicas is a caller without the SDK.
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

func (w *world) askHTTP(ctx context.Context, o *operation, token string) (bool, error) {
	a, err := w.ok(ctx, o, "/oauth/introspect", map[string]any{
		"token": token, "client_id": harness.ResourceID, "client_secret": harness.ResourcePW,
	})
	active, _ := a.body["active"].(bool)
	return active, err
}

// askGRPC asks once more when a replica goes away under it: the question changes nothing.
func askGRPC(service tokenv1.IntrospectionServiceClient) ask {
	return func(ctx context.Context, o *operation, token string) (bool, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callLimit)
		defer cancel()
		res, err := service.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token})
		if status.Code(err) == codes.Unavailable {
			o.retry(err.Error())
			time.Sleep(askAgain)
			res, err = service.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token})
		}
		return res.GetActive(), err
	}
}

func askSDK(client *usher.Client) ask {
	return func(ctx context.Context, o *operation, token string) (bool, error) {
		ctx = context.WithoutCancel(ctx)
		active, err := checkSDK(ctx, client, token)
		if err != nil {
			o.retry(err.Error())
			time.Sleep(askAgain)
			active, err = checkSDK(ctx, client, token)
		}
		return active, err
	}
}

// checkSDK fails where the answer cannot be known.
func checkSDK(ctx context.Context, client *usher.Client, token string) (bool, error) {
	_, err := client.Check(ctx, token, "GET", "/v1/videos")
	var denial *enforce.Denial
	if errors.As(err, &denial) && denial.Status == 401 {
		return false, nil
	}
	return err == nil, err
}

// question asks about a token as one operation.
func (w *world) question(ctx context.Context, k kind, ask ask, token string) (active, known bool) {
	o := w.tally.begin(k)
	active, err := ask(ctx, o, token)
	return active, o.end(err) == nil
}

// keepAsking asks about the living and the dead in turn, and counts what is wrong.
func (w *world) keepAsking(ctx context.Context, k kind) {
	denied := map[string]bool{} // by this asker
	for turn := 0; ctx.Err() == nil; turn++ {
		if turn%2 == 0 {
			w.askLiving(ctx, k)
		} else {
			w.askDead(ctx, k, denied)
		}
		pause(ctx, askPause)
	}
}

func (w *world) askLiving(ctx context.Context, k kind) {
	var token string
	w.truth.change(func() {
		if n := len(w.truth.live); n > 0 {
			token = w.truth.live[rand.N(n)]
		}
	})
	if token == "" {
		return
	}
	if active, known := w.question(ctx, k, w.asks[k], token); known && !active {
		w.verdict.count(&w.verdict.FalseDenials, fmt.Sprintf("%s: a live token is denied", k))
	}
}

// askDead asks about one of the dead, the fresh ones most often.
func (w *world) askDead(ctx context.Context, k kind, denied map[string]bool) {
	var c corpse
	w.truth.change(func() {
		if n := len(w.truth.dead); n > 0 {
			c = w.truth.dead[n-1-min(rand.N(n), rand.N(n), rand.N(n))]
		}
	})
	if c.token == "" {
		return
	}
	begun := time.Now()
	active, known := w.question(ctx, k, w.asks[k], c.token)
	switch {
	case known && !active:
		denied[c.token] = true
	case !known:
	case k == bySDK && !denied[c.token] && begun.Sub(c.since) < settleTime:
		w.verdict.late(begun.Sub(c.since))
	default:
		w.verdict.count(&w.verdict.StaleAllows,
			fmt.Sprintf("%s: a token is allowed %s after its revocation, denied before: %t", k, begun.Sub(c.since), denied[c.token]))
	}
}
