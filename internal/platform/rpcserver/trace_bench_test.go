package rpcserver_test

import (
	"context"
	"log/slog"
	"testing"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/rpcclient"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// BenchmarkACall measures the overhead of the interceptor for an introspection: without a
// collector, which must cost the same as without tracing, with traces that are not sampled, and
// with sampled ones.
func BenchmarkACall(b *testing.B) {
	for name, c := range map[string]telemetry.Config{
		"off": {}, "not kept": {OTLPEndpoint: "http://127.0.0.1:1"}, "kept": {OTLPEndpoint: "http://127.0.0.1:1", SampleRatio: 1},
	} {
		b.Run(name, func(b *testing.B) {
			quiet := slog.New(slog.DiscardHandler)
			tracing, err := telemetry.NewTracing(b.Context(), c, "token", quiet)
			if err != nil {
				b.Fatal(err)
			}
			defer tracing.Close()
			network := inproc.NewNetwork()
			s := rpcserver.New(rpcserver.Options{
				Name: "token", Metrics: telemetry.New(), ResourceServers: []string{"video-api"}, Logger: quiet, Tracing: tracing,
			})
			tokenv1.RegisterIntrospectionServiceServer(s, fake{})
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() {
				done <- s.Serve(ctx, rpcserver.Listener{Listener: network.Listen("token"), Credentials: inproc.ServerCredentials()})
			}()
			defer func() {
				cancel()
				if err := <-done; err != nil {
					b.Error(err)
				}
			}()
			conn, err := network.Dial("video-api", "token", rpcclient.Options()...)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			client, req := tokenv1.NewIntrospectionServiceClient(conn), &tokenv1.IntrospectTokenRequest{Token: "ok"}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.IntrospectToken(ctx, req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
