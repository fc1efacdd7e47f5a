package telemetry

import (
	"context"
	"errors"
	"fmt"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// collector sends spans over gRPC: otlptrace.Client. OpenTelemetry's own gRPC client links gRPC's
// gzip, and in a process with it every call offers compression and every server accepts compressed
// messages.
type collector struct {
	addr  string
	creds credentials.TransportCredentials
	conn  *grpc.ClientConn
}

// Start prepares the connection. It does not wait for the collector.
func (c *collector) Start(context.Context) (err error) {
	if c.conn, err = grpc.NewClient("dns:///"+c.addr, grpc.WithTransportCredentials(c.creds), grpc.WithDisableServiceConfig()); err != nil {
		return fmt.Errorf("telemetry.otlp_endpoint: %w", err)
	}
	return nil
}

// Stop closes the connection.
func (c *collector) Stop(context.Context) error { return c.conn.Close() }

// UploadTraces sends spans once, without a retry: spans that the collector refuses are dropped.
func (c *collector) UploadTraces(ctx context.Context, spans []*tracev1.ResourceSpans) error {
	ctx, cancel := context.WithTimeout(ctx, exportLimit)
	defer cancel()
	res, err := collectorv1.NewTraceServiceClient(c.conn).Export(ctx, &collectorv1.ExportTraceServiceRequest{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("sending spans: %w", err)
	}
	if n := res.GetPartialSuccess().GetRejectedSpans(); n > 0 {
		return errors.New("the collector refuses spans: " + res.GetPartialSuccess().GetErrorMessage())
	}
	return nil
}
