package run

import (
	"context"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// checkPath is the path of a gRPC health check (gRPC health checking protocol).
const checkPath = "POST " + healthv1.Health_Check_FullMethodName

// probes serves gRPC health on the admin port, without TLS. The health service on the gRPC port
// requires a certificate, as everything there does, and a kubelet has none.
type probes struct {
	healthv1.UnimplementedHealthServer
	host *Host
}

// Check returns the status of the whole process, which is the empty service name, as /readyz does.
func (p probes) Check(ctx context.Context, req *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	if req.GetService() != "" {
		return nil, status.Error(codes.NotFound, "only the process as a whole has a health: request the empty service")
	}
	answer := healthv1.HealthCheckResponse_SERVING
	if p.host.notReady(ctx) != "" {
		answer = healthv1.HealthCheckResponse_NOT_SERVING
	}
	return &healthv1.HealthCheckResponse{Status: answer}, nil
}

// handler serves it over HTTP/2 without TLS, beside the other routes of the port.
func (p probes) handler() http.Handler {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(4 << 10))
	healthv1.RegisterHealthServer(server, p)
	return server
}

// plain allows both HTTP/1 and HTTP/2 on a port without TLS.
func plain() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return &p
}
