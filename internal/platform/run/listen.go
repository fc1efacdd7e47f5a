package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/httpserver"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/rpcserver"
)

// Serve serves a service's RPCs until the process ends: at grpc_addr with mutual TLS, or in memory
// and at the listeners of AllInOne.
func (h *Host) Serve(register func(r grpc.ServiceRegistrar)) error {
	server := rpcserver.New(rpcserver.Options{
		Name: h.Name, Logger: h.Logger, Metrics: h.Metrics, Tracing: h.Tracing, Development: h.Settings.Development,
		ResourceServers: h.Settings.ResourceServers, StopWithin: h.stopWithin(),
		// The gRPC health service reports the same as the admin port.
		Ready: h.Ready, Draining: h.draining,
	})
	register(server)
	listeners, err := h.listeners()
	if err != nil {
		return err
	}
	h.Go(func(ctx context.Context) error { return server.Serve(ctx, listeners...) })
	return nil
}

// Listen opens a port, or returns the one that was reserved; the setting's name is for the error.
func (h *Host) Listen(setting, addr string) (net.Listener, error) {
	h.mu.Lock()
	lis := h.reserved[setting]
	delete(h.reserved, setting)
	h.mu.Unlock()
	if lis != nil {
		return lis, nil
	}
	return listen(setting, addr)
}

func listen(setting, addr string) (net.Listener, error) {
	lis, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: %w: stop the process that listens there, or set %s to another address", setting, err, config.Variable(setting))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return lis, nil
}

// ServeHTTP serves a handler until the process ends. One that is an httpserver.Rejecter also
// responds to malformed requests. idle is how long a connection may wait for its next request; 0 is
// httpserver.DefaultIdleTimeout.
func (h *Host) ServeHTTP(lis net.Listener, handler http.Handler, idle time.Duration) {
	rejecter, _ := handler.(httpserver.Rejecter)
	server := httpserver.New(httpserver.Options{
		Handler: h.closeKeepAlive(handler), Rejecter: rejecter, IdleTimeout: idle, Logger: h.Logger,
	})
	h.Go(func(context.Context) error {
		if err := server.Serve(lis); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving HTTP: %w", err)
		}
		return nil
	})
	h.Go(func(ctx context.Context) error {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.stopWithin())
		defer cancel()
		server.Shutdown(ctx)
		return nil
	})
}

// closeKeepAlive sends Connection: close to clients with keep-alive connections from the moment
// that the process starts to stop: a request in flight is lost when its connection is closed, and a
// client may not retry a POST by itself (RFC 9112 §9.3.1).
func (h *Host) closeKeepAlive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.stopping.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// Admin adds a handler to the routes of ServeAdmin, before or after its call.
func (h *Host) Admin(pattern string, handler http.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.adminMux != nil {
		h.adminMux.Handle(pattern, handler)
		return
	}
	h.admin = append(h.admin, adminRoute{pattern, handler})
}

// ServeAdmin serves health over HTTP and gRPC, metrics, the handlers of Admin and, in development
// or where enabled, profiles, on a port of their own. A start that waits for a dependency calls it
// first; later calls do nothing.
func (h *Host) ServeAdmin() error {
	h.adminOnce.Do(func() { h.adminErr = h.serveAdmin() })
	return h.adminErr
}

func (h *Host) serveAdmin() error {
	lis, err := h.Listen("admin_addr", h.Settings.AdminAddr)
	if err != nil {
		return err
	}
	if err := h.registerMetrics(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", h.readyz)
	mux.Handle("GET /metrics", h.Metrics.Handler())
	h.mu.Lock()
	for _, route := range h.admin {
		mux.Handle(route.pattern, route.handler)
	}
	h.adminMux = mux
	h.mu.Unlock()
	mux.Handle(checkPath, probes{host: h}.handler())
	if h.Settings.Development || h.Settings.Telemetry.Profiles {
		profiles(mux)
	}
	// It is closed after the tasks have ended, so that probes get a response while those drain.
	server := httpserver.Limited(h.Logger)
	server.Handler, server.Protocols = mux, plain()
	go func() { _ = server.Serve(lis) }()
	h.Closing(server.Close)
	return nil
}

// registerMetrics registers the metrics of the process itself.
func (h *Host) registerMetrics() error {
	h.Metrics.Ready(func() bool {
		ctx, cancel := context.WithTimeout(h.ctx, readyLimit)
		defer cancel()
		return !h.stopping.Load() && h.Ready(ctx) == nil
	})
	if h.Settings.TLS.CertFile == "" {
		return nil
	}
	expiry, err := mtls.Expiry(h.Settings.TLS)
	if err != nil {
		return err
	}
	h.Metrics.Certificate(expiry)
	return nil
}

// profiles adds the routes of `go tool pprof`. A profile takes longer than the timeout of other
// responses.
func profiles(mux *http.ServeMux) {
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
}

// readyLimit is shorter than a kubelet's default timeout.
const readyLimit = 800 * time.Millisecond

func (h *Host) readyz(w http.ResponseWriter, r *http.Request) {
	if why := h.notReady(r.Context()); why != "" {
		respond(w, http.StatusServiceUnavailable, why)
		return
	}
	respond(w, http.StatusOK, "ready")
}

// notReady returns the part of the reason that a probe may see; empty when the process is ready.
// The full error is logged.
func (h *Host) notReady(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	if h.stopping.Load() {
		return "stopping"
	}
	if err := h.Ready(ctx); err != nil {
		h.Logger.Warn("not ready", "error", err)
		return "not ready: see the log"
	}
	return ""
}

func respond(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the probe has disconnected
}
