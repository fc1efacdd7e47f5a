package harness

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Collector is an OpenTelemetry collector. It appends every export to a file, which Close searches
// for secrets, and keeps spans while a test records.
type Collector struct {
	collectorv1.UnimplementedTraceServiceServer

	// Addr is the collector's address, host:port.
	Addr string

	server *grpc.Server
	file   *os.File

	mu       sync.Mutex
	spans    []Span
	records  int
	received int
}

// Span is one span and the service that exported it.
type Span struct {
	*tracev1.Span

	Service string
}

// Trace returns the span's trace id in hexadecimal.
func (s Span) Trace() string { return hex.EncodeToString(s.GetTraceId()) }

// Text returns a string attribute; empty when it is absent.
func (s Span) Text(name string) string {
	for _, kv := range s.GetAttributes() {
		if kv.GetKey() == name {
			return kv.GetValue().GetStringValue()
		}
	}
	return ""
}

// NewCollector starts a collector that keeps its file in dir.
func NewCollector(dir string) (*Collector, error) {
	file, err := os.OpenFile(filepath.Join(dir, "spans.bin"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &Collector{Addr: lis.Addr().String(), server: grpc.NewServer(), file: file}
	collectorv1.RegisterTraceServiceServer(c.server, c)
	go func() { _ = c.server.Serve(lis) }() // until Close
	return c, nil
}

// Environ returns the settings that trace every request and export its spans to this collector
// without delay.
func (c *Collector) Environ() map[string]string {
	return map[string]string{
		"USHER_TELEMETRY_OTLP_ENDPOINT": "http://" + c.Addr, "USHER_TELEMETRY_SAMPLE_RATIO": "1", "OTEL_BSP_SCHEDULE_DELAY": "100",
	}
}

// Export implements the trace service's only method.
func (c *Collector) Export(_ context.Context, req *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	raw, err := proto.Marshal(req)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.file.Write(raw); err != nil {
		return nil, err
	}
	for _, process := range req.GetResourceSpans() {
		name := ""
		for _, kv := range process.GetResource().GetAttributes() {
			if kv.GetKey() == "service.name" {
				name = kv.GetValue().GetStringValue()
			}
		}
		for _, scope := range process.GetScopeSpans() {
			c.received += len(scope.GetSpans())
			for _, span := range scope.GetSpans() {
				if c.records > 0 {
					c.spans = append(c.spans, Span{span, name})
				}
			}
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

// Record keeps the spans that arrive from now on until stop is called.
func (c *Collector) Record() (spans func() []Span, stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records++
	from := len(c.spans)
	spans = func() []Span {
		c.mu.Lock()
		defer c.mu.Unlock()
		return append([]Span(nil), c.spans[from:]...)
	}
	return spans, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.records--; c.records == 0 {
			c.spans = nil
		}
	}
}

// Text returns all exports as they arrived.
func (c *Collector) Text() (string, error) {
	b, err := os.ReadFile(c.file.Name())
	return string(b), err
}

// Close stops the collector. It returns an error if no trace arrived, or if a trace holds a secret
// or names a user.
func (c *Collector) Close(secrets map[string]string) error {
	c.server.Stop()
	text, err := c.Text()
	if err != nil {
		return err
	}
	var errs []error
	for value := range findSecrets(text, secrets) {
		errs = append(errs, fmt.Errorf("a trace holds a %s", secrets[value]))
	}
	for _, person := range []string{"@gmail.com", "John Doe"} {
		if strings.Contains(text, person) {
			errs = append(errs, fmt.Errorf("a trace names a user: %s", person))
		}
	}
	if c.received == 0 {
		errs = append(errs, errors.New("there are no traces to search"))
	}
	return errors.Join(append(errs, c.file.Close())...)
}
