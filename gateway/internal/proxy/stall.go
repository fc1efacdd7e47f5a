package proxy

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// errStalled is the cause of cancelling a call whose upstream neither reads the request nor writes
// the response.
var errStalled = errors.New("the upstream made no progress within the stall timeout")

// stallTimer ends a call whose body makes no progress in either direction. The client's side has
// read and write deadlines on its connection. The upstream's side has a timer that every read and
// write resets. The timer is a little longer than a deadline, so that the deadline expires first
// where the client stalls.
type stallTimer struct {
	// limit applies to each read and write; header applies between the end of the request and the
	// header of the response.
	limit, header time.Duration
	timer         *time.Timer
}

// grace is how much longer the timer is than a deadline.
func (p *stallTimer) grace() time.Duration { return p.limit / 12 }

// renewEvery is the minimum interval between two calls that set a deadline, because setting one
// costs more than a read from a buffer.
func (p *stallTimer) renewEvery() time.Duration { return p.limit / 60 }

// watch starts the timer, which cancels the request's context when it expires. The caller must call
// done when the call is over.
func (p *stallTimer) watch(r *http.Request) (watched *http.Request, done func()) {
	ctx, cancel := context.WithCancelCause(r.Context())
	p.timer = time.AfterFunc(p.limit+p.grace()+p.header, func() { cancel(errStalled) })
	return r.WithContext(ctx), func() {
		p.timer.Stop()
		cancel(nil)
	}
}

// progress resets the timer after a read or a write.
func (p *stallTimer) progress() { p.timer.Reset(p.limit + p.grace()) }

// bodySent resets the timer at the end of the request's body. The last bytes may still be in
// flight; then the upstream has its timeout for the response's header.
func (p *stallTimer) bodySent() { p.timer.Reset(p.limit + p.grace() + p.header) }
