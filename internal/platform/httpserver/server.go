package httpserver

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The limits of an HTTP connection: a request is small and a response quick. A handler that needs
// more sets its own deadlines.
const (
	headerLimit    = 5 * time.Second
	readLimit      = 15 * time.Second
	writeLimit     = 30 * time.Second
	maxHeaderBytes = 32 << 10

	// DefaultIdleTimeout is how long a connection may wait for its next request.
	DefaultIdleTimeout = 2 * time.Minute
)

// Rejecter is a handler that also responds, in place of net/http, to requests that cannot be
// parsed.
type Rejecter interface {
	// Reject writes a response with a status that net/http has chosen: 400, 417, 431, 501 or 505.
	// The request has the parts that could be parsed: a method, a path and some headers, or GET /
	// where not even these are known.
	Reject(w http.ResponseWriter, r *http.Request, status int)
}

// Options configure a Server.
type Options struct {
	Handler http.Handler
	// Rejecter is nil to keep net/http's own responses, which are plain text.
	Rejecter Rejecter
	// IdleTimeout is how long a connection may wait for its next request; 0 is DefaultIdleTimeout.
	IdleTimeout time.Duration
	// Logger logs net/http's errors at debug; nil logs nothing.
	Logger *slog.Logger
}

// Server is an http.Server with lingering close.
type Server struct {
	http     *http.Server
	rejecter Rejecter
	closed   context.Context //nolint:containedctx // the server's lifetime, shared by its connections
	closing  context.CancelFunc
}

// New makes a server.
func New(o Options) *Server {
	s := &Server{rejecter: o.Rejecter, http: Limited(o.Logger)}
	s.closed, s.closing = context.WithCancel(context.Background())
	if o.IdleTimeout > 0 {
		s.http.IdleTimeout = o.IdleTimeout
	}
	s.http.Handler = observe(o.Handler)
	s.http.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	s.http.ConnState = func(c net.Conn, state http.ConnState) {
		if c, ours := c.(*conn); ours && state == http.StateIdle {
			c.next()
		}
	}
	return s
}

// Limited returns an http.Server with the limits of a connection and without a handler.
func Limited(logger *slog.Logger) *http.Server {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		DisableGeneralOptionsHandler: true, ReadHeaderTimeout: headerLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit,
		IdleTimeout: DefaultIdleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// Serve accepts connections until the server ends; it returns http.ErrServerClosed after Shutdown.
func (s *Server) Serve(lis net.Listener) error { return s.http.Serve(listener{lis, s}) }

// Shutdown stops accepting and waits for the requests in progress, until ctx ends; then it closes
// every connection.
func (s *Server) Shutdown(ctx context.Context) {
	if s.http.Shutdown(ctx) == nil {
		return
	}
	s.closing()        // nothing more is waited for
	_ = s.http.Close() // connections that are still open have had their time
}

type listener struct {
	net.Listener

	server *Server
}

// Accept is net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, server: l.server}, nil
}
