package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/logging"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/requestid"
	"github.com/vidocu/usher/internal/platform/rpcclient"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// Host gives a service access to the process that it runs in.
type Host struct {
	// Name is the service's name: in its certificate, and as a caller of other services.
	Name string

	*process
}

// process is shared by the services of a process.
type process struct {
	Settings *Settings
	Logger   *slog.Logger
	Metrics  *telemetry.Metrics
	// Tracing is nil without tracing.
	Tracing *telemetry.Tracing

	ctx   context.Context //nolint:containedctx // the process's lifetime, shared by every task
	stop  context.CancelFunc
	group *errgroup.Group
	// stopping is set when the process starts to stop; draining is closed then.
	stopping atomic.Bool
	draining chan struct{}
	// allInOne is nil in a process of one service.
	allInOne *AllInOne

	mu       sync.Mutex
	closers  []func() error
	checks   []Check
	admin    []adminRoute
	adminMux *http.ServeMux // nil until the admin port is served
	// adminOnce serves the admin port; adminErr is why it could not.
	adminOnce sync.Once
	adminErr  error
	reserved  map[string]net.Listener
	catalog   *catalog.Source
}

type adminRoute struct {
	pattern string
	handler http.Handler
}

// Check returns why the process cannot serve requests; nil when it can.
type Check func(ctx context.Context) error

// NewHost prepares a process that ends with ctx. Its log is written to out.
func NewHost(ctx context.Context, name string, s *Settings, out io.Writer) (*Host, error) {
	logger, err := logging.New(out, s.Log, requestid.Attrs, telemetry.Attrs)
	if err != nil {
		return nil, err
	}
	tracing, err := telemetry.NewTracing(ctx, s.Telemetry, name, logger)
	if err != nil {
		return nil, err
	}
	s.TLS.TrustDomain = s.TrustDomain
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	group, running := errgroup.WithContext(running)
	h := &Host{Name: name, process: &process{
		Settings: s, Logger: logger, Metrics: telemetry.New(), Tracing: tracing, ctx: running, stop: stop, group: group,
		draining: make(chan struct{}), reserved: make(map[string]net.Listener),
	}}
	h.Closing(tracing.Close) // first, so that it is the last to close
	go h.drain(ctx)
	return h, nil
}

// drain waits for the stop signal, marks the process as not ready, and gives callers time to notice
// before the process stops.
func (h *Host) drain(ctx context.Context) {
	select {
	case <-h.ctx.Done():
	case <-ctx.Done():
	}
	h.stopping.Store(true)
	close(h.draining)
	select {
	case <-h.ctx.Done():
	case <-time.After(h.Settings.DrainTime):
	}
	h.stop()
}

// Go runs a task until the process ends; a task that fails ends the process.
func (h *Host) Go(task func(ctx context.Context) error) {
	h.group.Go(func() error { return task(h.ctx) })
}

// Wait waits for the end, then closes the process's resources in reverse order.
func (h *Host) Wait() error {
	err := h.group.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil // the task ended because it was cancelled
	}
	h.stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, h.closers[i]())
	}
	return err
}

// Abandon ends a process whose start failed.
func (h *Host) Abandon(cause error) error {
	h.stop()
	_ = h.Wait() // errors on the way are less specific than the cause
	return cause
}

// Closing registers a function to call at the end.
func (h *Host) Closing(f func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closers = append(h.closers, f)
}

// Checking registers a condition for the process to be ready.
func (h *Host) Checking(c Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, c)
}

// Ready runs every check.
func (h *Host) Ready(ctx context.Context) error {
	h.mu.Lock()
	checks := h.checks
	h.mu.Unlock()
	for _, check := range checks {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Catalog returns the source of the operator's catalog, or of the built-in one, which polls its
// file until the process ends. Its digest is in the log and at /metrics, so that replicas with
// different catalogs can be detected.
func (h *Host) Catalog() (*catalog.Source, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.catalog != nil {
		return h.catalog, nil
	}
	source, err := catalog.Open(catalog.SourceConfig{
		Path: h.Settings.CatalogFile, OpenID: h.Settings.OpenID, APIURL: cmp.Or(h.Settings.APIURL, h.Settings.PublicURL), Logger: h.Logger, Changed: func(c *catalog.Catalog) { h.Metrics.Catalog(c.Digest()) },
	})
	if err != nil {
		return nil, err
	}
	h.catalog = source
	h.Go(source.Run)
	return source, nil
}

// Dial connects to another service: with mutual TLS, or in memory where it runs in this process.
func (h *Host) Dial(service string) (*grpc.ClientConn, error) {
	conn, err := h.connect(service)
	if err != nil {
		return nil, err
	}
	h.Closing(conn.Close)
	return conn, nil
}

func (h *Host) connect(service string) (*grpc.ClientConn, error) {
	traced := rpcclient.Traced(h.Tracing)
	if h.allInOne != nil {
		return h.allInOne.Network.Dial(h.Name, service, append(rpcclient.Options(), traced...)...)
	}
	addr := h.Settings.peer(service)
	if addr == "" {
		return nil, fmt.Errorf("peers.%s is not set: give the %s service's host:port", service, service)
	}
	creds, err := mtls.Client(h.Settings.TLS, service)
	if err != nil {
		return nil, err
	}
	conn, err := rpcclient.Dial(addr, creds, traced...)
	if err != nil {
		return nil, fmt.Errorf("peers.%s: %w", service, err)
	}
	return conn, nil
}

// stopWithin is the timeout of work in progress when the process stops. In development the process
// does not wait, unless callers are given time to notice.
func (h *Host) stopWithin() time.Duration {
	if h.Settings.Development && h.Settings.DrainTime == 0 {
		return 500 * time.Millisecond
	}
	return 10 * time.Second
}
