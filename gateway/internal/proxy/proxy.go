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

// Config is what a Proxy stands on.
type Config struct {
	Guard  guard.Guard
	Logger *slog.Logger
	// Upstream is the origin that allowed requests go to. Without one nothing exists behind the door: what is allowed is
	// answered 404, after the same checks in the same order.
	Upstream *url.URL
	// Proxies say where a request came from before it reached the gateway.
	Proxies httpx.Proxies
	// Scheme is how clients reach the gateway: what stands before it may have ended TLS.
	Scheme string
	// ForwardBearer lets the token itself go upstream, to an API that checks it again.
	ForwardBearer bool
	// AnswerWithin bounds how long the upstream may take until its answer begins, once it has the request.
	AnswerWithin time.Duration
	// MoveWithin bounds how long a body may stand still, either way.
	MoveWithin time.Duration
}

// Proxy is a handler that judges each request and passes on what is allowed.
type Proxy struct {
	config  Config
	reverse httputil.ReverseProxy
}

// The limits towards the upstream; an answer's beginning has a setting.
const (
	dialLimit    = 3 * time.Second
	tlsLimit     = 5 * time.Second
	idleLimit    = 90 * time.Second
	expectLimit  = time.Second
	idlePerHost  = 256
	flushLatency = 50 * time.Millisecond
)

// New makes a proxy.
func New(c Config) *Proxy {
	return &Proxy{config: c, reverse: httputil.ReverseProxy{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialLimit}).DialContext,
			TLSHandshakeTimeout: tlsLimit, ResponseHeaderTimeout: c.AnswerWithin, ExpectContinueTimeout: expectLimit,
			MaxIdleConnsPerHost: idlePerHost, IdleConnTimeout: idleLimit,
			DisableCompression: true, // bodies pass as they are
		},
		FlushInterval:  flushLatency,
		BufferPool:     newBuffers(),
		ErrorLog:       slog.NewLogLogger(c.Logger.Handler(), slog.LevelWarn),
		ModifyResponse: accept,
	}}
}

// ServeHTTP is http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	pass, denial := p.config.Guard.Judge(r, r.Method, r.URL.EscapedPath())
	if denial == nil && p.config.Upstream == nil {
		denial = &enforce.Denial{Status: http.StatusNotFound, Code: enforce.CodeNotFound, Message: "There is no such endpoint"}
		refusal.NoteCause(r.Context(), errorv1.Cause_CAUSE_NOT_FOUND)
	}
	if denial != nil {
		if r.ContentLength < 0 || r.ContentLength > httpx.MaxBody {
			httpx.LeaveBody(w) // a short one is read by net/http, and the connection stays
		}
		guard.Deny(w, denial)
		return
	}
	c := call{config: &p.config, pass: pass, control: http.NewResponseController(w)}
	c.patience = patience{limit: p.config.MoveWithin, answer: p.config.AnswerWithin}
	r, done := c.patience.watch(r)
	defer done()
	c.down = downstream{ResponseWriter: w, patience: &c.patience, control: c.control, standing: w.Header().Clone()}
	c.receive(r)
	reverse := p.reverse
	reverse.Rewrite, reverse.ErrorHandler = c.rewrite, c.failed
	reverse.ServeHTTP(&c.down, r)
}

// call is one request on its way.
type call struct {
	config   *Config
	pass     guard.Pass
	control  *http.ResponseController
	patience patience
	down     downstream
	up       upload
}

// receive lets the body take its time: the connection's own limit is for small requests.
func (c *call) receive(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		_ = c.control.SetReadDeadline(time.Time{}) // without a connection there is no deadline
		return
	}
	c.up = upload{ReadCloser: r.Body, patience: &c.patience, control: c.control}
	r.Body = &c.up
}

// codeInvalidRequest is the documented code of a request that cannot be read.
const codeInvalidRequest = "invalid_request"

// failed answers for an upstream that did not.
func (c *call) failed(w http.ResponseWriter, r *http.Request, err error) {
	if c.up.failed() != nil {
		guard.Deny(w, &enforce.Denial{
			Status: http.StatusBadRequest, Code: codeInvalidRequest, Message: "The request's body did not arrive whole",
		})
		return
	}
	if cause := context.Cause(r.Context()); cause == nil || errors.Is(cause, errStalled) { // otherwise whoever asked has gone, and this is nobody's failure
		c.config.Logger.WarnContext(r.Context(), "the upstream failed", "error", err)
	}
	denial := enforce.Unavailable()
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" {
		// The upstream may have done what was asked: nothing here says that it is safe to try again.
		denial.Status, denial.Message = http.StatusBadGateway, "The service behind this endpoint did not answer"
	}
	guard.Deny(w, denial)
}

var (
	errUpgrade = errors.New("upstream changed the protocol unasked")
	errStatus  = errors.New("upstream answered with a status that HTTP does not have")
)

// accept refuses a response that cannot be passed on, and takes off its trailers what its headers may not say either.
func accept(res *http.Response) error {
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
		return errUpgrade // what went through an upgraded connection would be judged once and never again
	case res.StatusCode < http.StatusOK || res.StatusCode > maxStatus:
		return errStatus
	}
	keepReturning(res.Trailer)
	if res.ContentLength < 0 { // only such a body has trailers, and they may come unannounced
		res.Body = &trailed{ReadCloser: res.Body, response: res}
	}
	return nil
}

// maxStatus is the last status that HTTP has (RFC 9110 §15).
const maxStatus = 599

// trailed is a response's body that has its trailers judged when they are there, before they are passed on.
type trailed struct {
	io.ReadCloser

	response *http.Response
}

// Read is io.Reader.
func (t *trailed) Read(b []byte) (int, error) {
	n, err := t.ReadCloser.Read(b)
	if err != nil {
		keepReturning(t.response.Trailer)
	}
	return n, err
}

func keepReturning(trailer http.Header) {
	for name := range trailer {
		if !returns(name) || merges(name) {
			delete(trailer, name)
		}
	}
}
