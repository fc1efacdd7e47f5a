// Package rpcclient configures the gRPC clients between our services: always with a deadline, over
// every replica in turn, and with a fast reconnect after an outage.
//
// It owns the connection's settings. It never retries: only the caller knows which requests are
// idempotent.
package rpcclient

import (
	"context"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/metric/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/requestid"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// callLimit is the deadline of a call whose caller set none.
const callLimit = 5 * time.Second

// window is fixed, since messages are small: a dynamic one is measured by a ping after every
// message.
const window = 64 << 10

// roundRobin spreads calls over the addresses of a headless Service.
const roundRobin = `{"loadBalancingConfig":[{"round_robin":{}}]}`

// Dial prepares a connection to a service: host:port, where the host may resolve to several
// addresses, or several separated by commas. It does not wait for the service: the first call fails
// if it is down.
func Dial(addr string, creds credentials.TransportCredentials, more ...grpc.DialOption) (*grpc.ClientConn, error) {
	target := "dns:///" + addr
	if strings.Contains(addr, ",") {
		list, err := listResolver(addr)
		if err != nil {
			return nil, err
		}
		target, more = listScheme+":///"+addr, append(slices.Clone(more), grpc.WithResolvers(list))
	}
	return grpc.NewClient(target,
		append(append(Options(), more...),
			grpc.WithTransportCredentials(creds),
			grpc.WithDefaultServiceConfig(roundRobin),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
				MinConnectTimeout: 2 * time.Second,
			}),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 5 * time.Second}),
		)...)
}

// Options are shared by connections in memory and between processes.
func Options() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithUnaryInterceptor(bounded), grpc.WithDisableServiceConfig(),
		grpc.WithStaticStreamWindowSize(window), grpc.WithStaticConnWindowSize(16 * window),
	}
}

// Traced returns the options of a connection whose calls are traced; none without tracing.
func Traced(t *telemetry.Tracing) []grpc.DialOption {
	if t == nil {
		return nil
	}
	return []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler(
		otelgrpc.WithTracerProvider(t.Provider()), otelgrpc.WithPropagators(telemetry.Propagator()), otelgrpc.WithMeterProvider(noop.NewMeterProvider()),
	))}
}

// bounded adds a deadline to every call, and the id and the actor of the request that it belongs to.
func bounded(ctx context.Context, method string, req, res any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	ctx = actor.Forward(requestid.Forward(ctx))
	if _, has := ctx.Deadline(); has {
		return invoke(ctx, method, req, res, conn, opts...)
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	return invoke(ctx, method, req, res, conn, opts...)
}
