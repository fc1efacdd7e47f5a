package proxy

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/vidocu/usher/gateway/internal/guard"
	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/refusal"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// Config is the configuration of a Proxy.
type Config struct {
	Guard  guard.Guard
	Logger *slog.Logger
	// Upstream is the origin that allowed requests are forwarded to. Without one an allowed request
	// gets a 404, after the same checks in the same order.
	Upstream *url.URL
	// Proxies are trusted for the client's address.
	Proxies httpx.Proxies
	// Scheme is the scheme that clients use: a proxy before the gateway may have terminated TLS.
	Scheme string
	// ForwardBearer forwards the token, for an API that validates it again.
	ForwardBearer bool
	// ResponseHeaderTimeout is the timeout between the end of the request and the header of the
	// upstream's response.
	ResponseHeaderTimeout time.Duration
	// StallTimeout is how long a body may make no progress in either direction.
	StallTimeout time.Duration
}

// Proxy is a handler that authorizes each request and forwards those that are allowed.
type Proxy struct {
	config  Config
	reverse httputil.ReverseProxy
}

// The timeouts and limits of connections to the upstream that have no setting.
const (
	dialLimit    = 3 * time.Second
	tlsLimit     = 5 * time.Second
	idleLimit    = 90 * time.Second
	expectLimit  = time.Second
	idlePerHost  = 256
	flushLatency = 50 * time.Millisecond
)

// New returns a proxy.
func New(c Config) *Proxy {
	return &Proxy{config: c, reverse: httputil.ReverseProxy{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialLimit}).DialContext,
			TLSHandshakeTimeout: tlsLimit, ResponseHeaderTimeout: c.ResponseHeaderTimeout, ExpectContinueTimeout: expectLimit,
			MaxIdleConnsPerHost: idlePerHost, IdleConnTimeout: idleLimit,
			DisableCompression: true, // bodies are forwarded unchanged
		},
		FlushInterval:  flushLatency,
		BufferPool:     newBuffers(),
		ErrorLog:       slog.NewLogLogger(c.Logger.Handler(), slog.LevelWarn),
		ModifyResponse: checkResponse,
	}}
}

// ServeHTTP is http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	authorized, denial := p.config.Guard.Authorize(r, guard.Subject{Method: r.Method, Path: r.URL.EscapedPath(), Source: p.config.Proxies.Source(r)})
	if denial == nil && p.config.Upstream == nil {
		denial = &enforce.Denial{Status: http.StatusNotFound, Code: enforce.CodeNotFound, Message: "There is no such endpoint"}
		refusal.NoteCause(r.Context(), errorv1.Cause_CAUSE_NOT_FOUND)
	}
	if denial != nil {
		if r.ContentLength < 0 || r.ContentLength > httpx.MaxBody {
			httpx.CloseAfterResponse(w) // net/http discards a shorter body, and keeps the connection
		}
		guard.WriteDenial(w, denial)
		return
	}
	c := call{config: &p.config, authorized: authorized, control: http.NewResponseController(w)}
	c.stallTimer = stallTimer{limit: p.config.StallTimeout, header: p.config.ResponseHeaderTimeout}
	r, done := c.stallTimer.watch(r)
	defer done()
	c.down = downstream{ResponseWriter: w, stallTimer: &c.stallTimer, control: c.control, gatewayHeaders: w.Header().Clone()}
	c.wrapBody(r)
	reverse := p.reverse
	reverse.Rewrite, reverse.ErrorHandler = c.rewrite, c.handleError
	reverse.ServeHTTP(&c.down, r)
}

// call is one forwarded request.
type call struct {
	config     *Config
	authorized guard.Authorized
	control    *http.ResponseController
	stallTimer stallTimer
	down       downstream
	up         upload
}

// wrapBody replaces the connection's read deadline, which is meant for small requests, by one for
// each read of the body.
func (c *call) wrapBody(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		_ = c.control.SetReadDeadline(time.Time{}) // fails only where there is no connection, as in tests
		return
	}
	c.up = upload{ReadCloser: r.Body, stallTimer: &c.stallTimer, control: c.control}
	r.Body = &c.up
}

// codeInvalidRequest is the documented code of a malformed request.
const codeInvalidRequest = "invalid_request"

// handleError writes the error response of an upstream that did not respond.
func (c *call) handleError(w http.ResponseWriter, r *http.Request, err error) {
	if c.up.readError() != nil {
		guard.WriteDenial(w, &enforce.Denial{
			Status: http.StatusBadRequest, Code: codeInvalidRequest, Message: "The request's body did not arrive whole",
		})
		return
	}
	if cause := context.Cause(r.Context()); cause == nil || errors.Is(cause, errStalled) { // otherwise the client has disconnected
		c.config.Logger.WarnContext(r.Context(), "the upstream failed", "error", err)
	}
	denial := enforce.Unavailable()
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" {
		// The upstream may have executed the request, so the response does not suggest a retry.
		denial.Status, denial.Message = http.StatusBadGateway, "The service behind this endpoint did not answer"
	}
	guard.WriteDenial(w, denial)
}

var (
	errUpgrade = errors.New("upstream switched protocols without an Upgrade request")
	errStatus  = errors.New("upstream responded with a status outside 200 to 599")
)

// checkResponse returns an error for a response that cannot be forwarded, and filters its trailers
// like its headers.
func checkResponse(res *http.Response) error {
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
		return errUpgrade // requests inside an upgraded connection would not be checked
	case res.StatusCode < http.StatusOK || res.StatusCode > maxStatus:
		return errStatus
	}
	filterTrailer(res.Trailer)
	if res.ContentLength < 0 { // only a chunked body has trailers, and they may be unannounced
		res.Body = &trailerFilter{ReadCloser: res.Body, response: res}
	}
	return nil
}

// maxStatus is the largest status of HTTP (RFC 9110 §15).
const maxStatus = 599

// trailerFilter is a response's body that filters the trailers at its end, before they are
// forwarded.
type trailerFilter struct {
	io.ReadCloser

	response *http.Response
}

// Read is io.Reader.
func (t *trailerFilter) Read(b []byte) (int, error) {
	n, err := t.ReadCloser.Read(b)
	if err != nil {
		filterTrailer(t.response.Trailer)
	}
	return n, err
}

func filterTrailer(trailer http.Header) {
	for name := range trailer {
		if !forwardsResponseHeader(name) || mergesHeader(name) {
			delete(trailer, name)
		}
	}
}
