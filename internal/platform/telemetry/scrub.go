package telemetry

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// recorded are the attributes that leave the process. Everything else stays: what a library may come to record tomorrow,
// such as a statement's arguments, a key or an address, may be a secret or a person's.
func recorded(key attribute.Key) bool {
	switch key {
	case "http.request.method", "http.route", "http.response.status_code",
		"rpc.system.name", "rpc.method", "rpc.response.status_code", "usher.caller",
		"db.system.name", "db.system", "db.namespace", "db.operation.name", "db.operation.batch.size", "db.redis.num_cmd",
		"db.query.text", // ours, with $1 where the values go
		"pgx.rows_affected", "pgx.sql_state", "pgx.operation.type",
		"server.address", "server.port", "error.type":
		return true
	}
	return false
}

// clean is an exporter that passes on nothing but what recorded names: no events, which hold the texts of errors, and of a
// status only whether it is one of failure.
type clean struct {
	to     sdktrace.SpanExporter
	logger *slog.Logger
	failed atomic.Bool
}

// ExportSpans is sdktrace.SpanExporter. It never fails: spans that cannot be sent are lost, and the log says so once.
func (c *clean) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	cleaned := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, span := range spans {
		cleaned[i] = cleanSpan{span}
	}
	err := c.to.ExportSpans(ctx, cleaned)
	switch failed := err != nil; {
	case failed && !c.failed.Swap(true):
		c.logger.WarnContext(ctx, "traces cannot be sent and are lost", "error", err)
	case !failed && c.failed.Swap(false):
		c.logger.InfoContext(ctx, "traces are sent again")
	}
	return nil
}

// Shutdown is sdktrace.SpanExporter.
func (c *clean) Shutdown(ctx context.Context) error { return c.to.Shutdown(ctx) }

type cleanSpan struct{ sdktrace.ReadOnlySpan }

// Attributes is sdktrace.ReadOnlySpan.
func (s cleanSpan) Attributes() []attribute.KeyValue {
	return slices.DeleteFunc(slices.Clone(s.ReadOnlySpan.Attributes()), func(kv attribute.KeyValue) bool { return !recorded(kv.Key) })
}

// Events is sdktrace.ReadOnlySpan.
func (cleanSpan) Events() []sdktrace.Event { return nil }

// Status is sdktrace.ReadOnlySpan.
func (s cleanSpan) Status() sdktrace.Status {
	return sdktrace.Status{Code: s.ReadOnlySpan.Status().Code}
}

// Links is sdktrace.ReadOnlySpan.
func (s cleanSpan) Links() []sdktrace.Link {
	links := slices.Clone(s.ReadOnlySpan.Links())
	for i := range links {
		links[i].Attributes = nil
		links[i].SpanContext = links[i].SpanContext.WithTraceState(trace.TraceState{})
	}
	return links
}
