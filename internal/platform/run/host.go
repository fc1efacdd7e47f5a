package run

import (
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

// Host is a service's view of the process that it runs in.
type Host struct {
	// Name is the service's: what its certificate says, and who it is to the services that it calls.
	Name string

	*process
}

// process is what the services of a process share.
type process struct {
	Settings *Settings
	Logger   *slog.Logger
	Metrics  *telemetry.Metrics
	// Tracing is nil where nothing is traced.
	Tracing *telemetry.Tracing

	ctx   context.Context //nolint:containedctx // the process's own life, which every task shares
	stop  context.CancelFunc
	group *errgroup.Group
	// stopping says that the end was asked for, and draining is closed then.
	stopping atomic.Bool
	draining chan struct{}
	// allInOne is nil in a process of one service.
	allInOne *AllInOne

	mu       sync.Mutex
	closers  []func() error
	checks   []Check
	admin    []adminRoute
	reserved map[string]net.Listener
	catalog  *catalog.Source
}

type adminRoute struct {
	pattern string
	handler http.Handler
}

// Check reports why the process cannot answer now; nil when it can.
type Check func(ctx context.Context) error

// NewHost prepares a process that ends with ctx. Its log goes to out.
func NewHost(ctx context.Context, name string, s *Settings, out io.Writer) (*Host, error) {
	logger, err := logging.New(out, s.Log, requestid.Attrs, telemetry.Attrs)
	if err != nil {
		return nil, err
	}
	tracing, err := telemetry.NewTracing(ctx, s.Telemetry, telemetry.TracingOptions{Service: name, Logger: logger})
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
	h.Closing(tracing.Close) // first, so that it is the last to end
	go h.drain(ctx)
	return h, nil
}

// drain waits for the end, says that the process is not ready, and lets callers notice before it stops.
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

// Wait waits for the end, then closes what was opened, last first.
func (h *Host) Wait() error {
	err := h.group.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil // a task that ended because it was told to
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
	_ = h.Wait() // what ended on the way says less than the cause
	return cause
}

// Closing registers what to do at the end.
func (h *Host) Closing(f func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closers = append(h.closers, f)
}

// Checking registers what must hold for the process to be ready.
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

// Catalog returns the operator's catalog, or the built-in one, which follows its file until the process ends. Its digest stands
// in the log and at /metrics, so that replicas that differ are told apart.
func (h *Host) Catalog() (*catalog.Source, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.catalog != nil {
		return h.catalog, nil
	}
	source, err := catalog.Open(catalog.SourceConfig{
		Path: h.Settings.CatalogFile, Logger: h.Logger, Changed: func(c *catalog.Catalog) { h.Metrics.Catalog(c.Digest()) },
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

// stopWithin bounds how long work in progress may take once the end was asked for. In development nothing is worth waiting for,
// unless callers are given time to notice.
func (h *Host) stopWithin() time.Duration {
	if h.Settings.Development && h.Settings.DrainTime == 0 {
		return 500 * time.Millisecond
	}
	return 10 * time.Second
}
