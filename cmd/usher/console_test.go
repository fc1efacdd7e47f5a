package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/cmd/usher/internal/admin"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// console is an operator's machine where fake services listen at the sockets, behind the real interceptors and policy.
type console struct {
	t *testing.T

	mu        sync.Mutex
	responses map[string]func(req proto.Message) (proto.Message, error)
	called    []string
	last      proto.Message
}

// newConsole starts the services with their data in ./data of a new working directory.
func newConsole(t *testing.T) *console {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.Mkdir("data", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, []byte(keySet), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &console{t: t, responses: map[string]func(proto.Message) (proto.Message, error){}}
	d.respond("FindClient", &authzv1.FindClientResponse{}, nil)
	for _, service := range []string{"identity", "authz", "token", "consent", "activity"} {
		lis, err := localsock.Listen("data", service)
		if err != nil {
			t.Fatal(err)
		}
		d.serve(service, rpcserver.Listener{Listener: lis, Credentials: localsock.ServerCredentials()})
	}
	return d
}

// serve serves one of the services until the test ends.
func (d *console) serve(service string, lis rpcserver.Listener) {
	d.t.Helper()
	s := rpcserver.New(rpcserver.Options{Name: service, Metrics: telemetry.New(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	d.register(service, s)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, lis) }()
	d.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			d.t.Error(err)
		}
	})
}

func (d *console) register(service string, s *rpcserver.Server) {
	switch service {
	case "identity":
		identityv1.RegisterAdministrationServiceServer(scripted{d, s}, identityv1.UnimplementedAdministrationServiceServer{})
		return
	case "consent":
		consentv1.RegisterWorkspaceServiceServer(scripted{d, s}, consentv1.UnimplementedWorkspaceServiceServer{})
		return
	case "activity":
		activityv1.RegisterAuditServiceServer(scripted{d, s}, activityv1.UnimplementedAuditServiceServer{})
		activityv1.RegisterRequestLogServiceServer(scripted{d, s}, activityv1.UnimplementedRequestLogServiceServer{})
		return
	case "authz":
		authzv1.RegisterRegistrationServiceServer(scripted{d, s}, authzv1.UnimplementedRegistrationServiceServer{})
		authzv1.RegisterAdministrationServiceServer(scripted{d, s}, authzv1.UnimplementedAdministrationServiceServer{})
		authzv1.RegisterReviewServiceServer(scripted{d, s}, authzv1.UnimplementedReviewServiceServer{})
		return
	}
	tokenv1.RegisterOversightServiceServer(scripted{d, s}, tokenv1.UnimplementedOversightServiceServer{})
	tokenv1.RegisterRevocationServiceServer(s, &revocationLog{})
	tokenv1.RegisterEndingServiceServer(scripted{d, s}, tokenv1.UnimplementedEndingServiceServer{})
	tokenv1.RegisterApiKeyServiceServer(scripted{d, s}, tokenv1.UnimplementedApiKeyServiceServer{})
	tokenv1.RegisterWorkspaceKeyServiceServer(scripted{d, s}, tokenv1.UnimplementedWorkspaceKeyServiceServer{})
	tokenv1.RegisterLogoutDeliveryServiceServer(scripted{d, s}, tokenv1.UnimplementedLogoutDeliveryServiceServer{})
	tokenv1.RegisterCatalogServiceServer(scripted{d, s}, tokenv1.UnimplementedCatalogServiceServer{})
}

// respond makes a method always return the same.
func (d *console) respond(method string, res proto.Message, err error) {
	d.responses[method] = func(proto.Message) (proto.Message, error) { return res, err }
}

// run runs a command as it would be typed, with this standard input.
func (d *console) run(stdin string, args ...string) result {
	d.t.Helper()
	var out, errs bytes.Buffer
	status := d.execute(admin.Streams{In: strings.NewReader(stdin), Out: &out, Err: &errs}, args...)
	return result{status, out.String(), errs.String()}
}

// execute runs a command with these streams, and returns its exit status.
func (d *console) execute(streams admin.Streams, args ...string) int {
	d.mu.Lock()
	d.called, d.last = nil, nil
	d.mu.Unlock()
	return execute(args, streams)
}

// handle records a call and returns the response that the test set; a method without one is not implemented.
func (d *console) handle(ctx context.Context, req any, full string, next grpc.UnaryHandler) (any, error) {
	message, ok := req.(proto.Message)
	if !ok {
		return next(ctx, req)
	}
	method := path.Base(full)
	d.mu.Lock()
	d.called, d.last = append(d.called, method), message
	respond := d.responses[method]
	d.mu.Unlock()
	if respond == nil {
		return next(ctx, req)
	}
	return respond(message)
}

// scripted registers services whose methods the console handles.
type scripted struct {
	console *console
	next    grpc.ServiceRegistrar
}

// RegisterService is grpc.ServiceRegistrar.
func (s scripted) RegisterService(desc *grpc.ServiceDesc, impl any) {
	own := *desc
	own.Methods = nil
	for _, m := range desc.Methods {
		generated := m.Handler
		m.Handler = func(srv any, ctx context.Context, dec func(any) error, edge grpc.UnaryServerInterceptor) (any, error) {
			return generated(srv, ctx, dec, func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
				return edge(ctx, req, info, func(ctx context.Context, req any) (any, error) {
					return s.console.handle(ctx, req, info.FullMethod, next)
				})
			})
		}
		own.Methods = append(own.Methods, m)
	}
	s.next.RegisterService(&own, impl)
}

// revocationLog says that it has nine entries, and keeps the stream open after them.
type revocationLog struct {
	tokenv1.UnsafeRevocationServiceServer
}

// WatchRevocations is tokenv1.RevocationServiceServer.
func (*revocationLog) WatchRevocations(_ *tokenv1.WatchRevocationsRequest, stream grpc.ServerStreamingServer[tokenv1.WatchRevocationsResponse]) error {
	if err := stream.Send(&tokenv1.WatchRevocationsResponse{Cursor: 9}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}
