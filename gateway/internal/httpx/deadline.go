package httpx

import (
	"context"
	"net/http"
	"time"
)

// handlerContext is the context of a handler of a request with a body. Its deadline begins with the
// request; BeginDeadline sets it anew for a handler that waited for the body.
type handlerContext struct {
	context.Context

	// caller ends when the client disconnects.
	caller  context.Context
	timeout time.Duration
	begun   time.Time
	// release releases the contexts that were made for the request.
	release func()
}

type handlerKey struct{}

// Value is context.Context.
func (c *handlerContext) Value(key any) any {
	if key == (handlerKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// withDeadline returns the context of a handler, and the function that releases it.
func withDeadline(caller context.Context, req *http.Request, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(caller, timeout)
	if req.ContentLength == 0 {
		return ctx, cancel
	}
	c := &handlerContext{Context: ctx, caller: caller, timeout: timeout, begun: time.Now(), release: cancel}
	return c, func() { c.release() }
}

// promptBody is which part of the timeout a body may take to arrive without a new deadline, a tenth: the
// handler has the rest, and a request whose body is there needs no second timer.
const promptBody = 10

// responseTime is how long a response may take to be written after the handler's deadline.
const responseTime = 25 * time.Second

// BeginDeadline is called when a body has been read, and begins the deadline of the handler's context: a
// client that sends slowly must not leave the services too little time, whose timeout would count as an
// outage. How long a body may take is a limit of the connection. It replaces the context of r.
func BeginDeadline(w http.ResponseWriter, r *http.Request) {
	c, ok := r.Context().Value(handlerKey{}).(*handlerContext)
	if !ok || time.Since(c.begun) < c.timeout/promptBody {
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(c.timeout + responseTime)) // fails only where there is no connection, as in tests
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), c.timeout)
	stop, before := context.AfterFunc(c.caller, cancel), c.release
	c.begun, c.release = time.Now(), func() {
		stop()
		cancel()
		before()
	}
	*r = *r.WithContext(ctx)
}
