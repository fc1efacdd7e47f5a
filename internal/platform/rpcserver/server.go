// Package rpcserver serves gRPC for all of our services: authorization, deadlines, logging and
// errors are the same everywhere, in one process or in several.
//
// It owns the interceptors and the lifetime of the listeners. It contains nothing of a particular
// service.
package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// Options configure a server.
type Options struct {
	// Name is the service's, for logs and metrics.
	Name    string
	Logger  *slog.Logger
	Metrics *telemetry.Metrics
	// Tracing traces calls; nil traces none.
	Tracing *telemetry.Tracing
	// Development enables reflection.
	Development bool
	// ResourceServers are the callers that may introspect tokens.
	ResourceServers []string
	// Ready is the status of the health service; nil means always ready.
	Ready func(context.Context) error
	// Draining is closed when the process begins to stop: it still serves, and its health is
	// NOT_SERVING from then on. Nil means never.
	Draining <-chan struct{}
	// StopWithin is the timeout of calls in progress when the server stops; 0 is 5 s.
	StopWithin time.Duration
}

// Listener is a listener with its credentials.
type Listener struct {
	net.Listener
	Credentials credentials.TransportCredentials
}

// Server collects services and serves them on any number of listeners.
type Server struct {
	options  Options
	services []service
}

type service struct {
	desc *grpc.ServiceDesc
	impl any
}

// New creates a server without services.
func New(o Options) *Server {
	if o.StopWithin == 0 {
		o.StopWithin = 5 * time.Second
	}
	return &Server{options: o}
}

// RegisterService is grpc.ServiceRegistrar.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, impl any) {
	s.services = append(s.services, service{enveloped(desc), impl})
}

// The limits of a connection. Messages of ours are a few kilobytes.
const (
	maxMessage = 1 << 20
	maxStreams = 1000
	maxHeaders = 16 << 10
	// window is fixed, since messages are small: a dynamic one is measured by a ping after every
	// message.
	window = 64 << 10
	// workers are goroutines that serve one call after another: a new goroutine would grow its
	// stack for each call. More concurrent calls get goroutines of their own.
	workers = 64
	// maxAge closes connections regularly, so that callers spread over new replicas.
	maxAge = 10 * time.Minute
	// maxAgeGrace is how long a call in progress may continue then. No stream of ours lasts as long
	// (two minutes of WatchRevocations), so none is cut off by the age of its connection.
	maxAgeGrace = 3 * time.Minute
)

// Serve serves until ctx ends, then lets calls finish. It returns an error at once, without
// serving, if a method has no callers option.
func (s *Server) Serve(ctx context.Context, listeners ...Listener) error {
	state := health.NewServer()
	if s.options.Ready != nil {
		state.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING) // until the first check of Ready
	}
	servers := make([]*grpc.Server, len(listeners))
	for i, l := range listeners {
		var err error
		if servers[i], err = s.build(l.Credentials, state); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for i, l := range listeners {
		group.Go(func() error {
			if err := servers[i].Serve(l.Listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
				return fmt.Errorf("serving %s: %w", s.options.Name, err)
			}
			return nil
		})
		group.Go(func() error {
			<-ctx.Done()
			s.stop(servers[i])
			return nil
		})
	}
	group.Go(func() error {
		select {
		case <-s.options.Draining:
		case <-ctx.Done():
		}
		state.Shutdown() // later calls of watchHealth change nothing
		return nil
	})
	group.Go(func() error { s.watchHealth(ctx, state); return nil })
	return group.Wait()
}

// build creates one gRPC server with every service and its policy.
func (s *Server) build(creds credentials.TransportCredentials, state healthv1.HealthServer) (*grpc.Server, error) {
	edge, traced := &interceptor{options: s.options}, tracer(s.options.Tracing)
	server := grpc.NewServer(append(traced.options(),
		grpc.Creds(creds), grpc.ForceServerCodecV2(newCodec()),
		grpc.UnaryInterceptor(edge.unary),
		grpc.StreamInterceptor(edge.stream),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxHeaderListSize(maxHeaders),
		grpc.NumStreamWorkers(workers),
		grpc.StaticStreamWindowSize(window), grpc.StaticConnWindowSize(16*window),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge: maxAge, MaxConnectionAgeGrace: maxAgeGrace, Time: time.Minute, Timeout: 10 * time.Second,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)...)
	for _, svc := range s.services {
		server.RegisterService(svc.desc, svc.impl)
	}
	healthv1.RegisterHealthServer(server, state)
	if s.options.Development {
		reflection.Register(server)
	}
	var err error
	edge.policy, err = policy.Build(server.GetServiceInfo(), s.options.ResourceServers, foreign(s.options.Development))
	if err != nil {
		return nil, fmt.Errorf("%s will not start: %w", s.options.Name, err)
	}
	edge.foreign = methodsOf(server.GetServiceInfo(), foreign(s.options.Development))
	edge.metrics = s.options.Metrics.Methods(server.GetServiceInfo())
	traced.register(server.GetServiceInfo())
	return server, nil
}

// foreign lists the services that are not ours, with their callers.
func foreign(development bool) map[string][]rpcv1.Caller {
	all := []rpcv1.Caller{rpcv1.Caller_CALLER_ANY}
	table := map[string][]rpcv1.Caller{
		"grpc.health.v1.Health": all,
		// Envoy checks the authorization of requests to an API, as a resource server does.
		"envoy.service.auth.v3.Authorization": {rpcv1.Caller_CALLER_RESOURCE_SERVER},
	}
	if development {
		table["grpc.reflection.v1.ServerReflection"] = all
		table["grpc.reflection.v1alpha.ServerReflection"] = all
	}
	return table
}

func methodsOf(services map[string]grpc.ServiceInfo, table map[string][]rpcv1.Caller) map[string]bool {
	methods := map[string]bool{}
	for service := range table {
		for _, method := range services[service].Methods {
			methods["/"+service+"/"+method.Name] = true
		}
	}
	return methods
}

// stop lets calls finish until the timeout, then cancels them.
func (s *Server) stop(server *grpc.Server) {
	done := make(chan struct{})
	go func() {
		server.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(s.options.StopWithin):
		server.Stop()
	}
}

// The intervals between two checks of Ready: while it fails, a caller waits for the server.
const (
	checkServing    = time.Second
	checkNotServing = 200 * time.Millisecond
)

// watchHealth updates the health service.
func (s *Server) watchHealth(ctx context.Context, state *health.Server) {
	if s.options.Ready == nil {
		return
	}
	for {
		status, next := healthv1.HealthCheckResponse_SERVING, checkServing
		if s.options.Ready(ctx) != nil {
			status, next = healthv1.HealthCheckResponse_NOT_SERVING, checkNotServing
		}
		if ctx.Err() != nil {
			return
		}
		state.SetServingStatus("", status)
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}
