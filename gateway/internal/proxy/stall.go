package proxy

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// errStalled is why a call ends whose upstream neither takes the request nor sends the answer.
var errStalled = errors.New("the upstream stands still")

// patience bounds how long a body may stand still, either way. The client's side is bounded by deadlines on its connection. The
// upstream's side has a timer that begins anew with every piece, and runs a little longer than a deadline, so that where it is
// the client who stands still, the deadline says so first.
type patience struct {
	// limit is for each piece, and answer for the time from the request's end to the answer's beginning.
	limit, answer time.Duration
	timer         *time.Timer
}

// grace is what the timer has more than a deadline.
func (p *patience) grace() time.Duration { return p.limit / 12 }

// renewEvery is how old a deadline may become: setting one costs more than a piece that is already there.
func (p *patience) renewEvery() time.Duration { return p.limit / 60 }

// watch begins the timer. When it runs out the request's context ends, and with it the call; the answer must be called when
// the call is over.
func (p *patience) watch(r *http.Request) (watched *http.Request, done func()) {
	ctx, cancel := context.WithCancelCause(r.Context())
	p.timer = time.AfterFunc(p.limit+p.grace()+p.answer, func() { cancel(errStalled) })
	return r.WithContext(ctx), func() {
		p.timer.Stop()
		cancel(nil)
	}
}

// moved says that a piece came or went.
func (p *patience) moved() { p.timer.Reset(p.limit + p.grace()) }

// sent says that the request is read to its end. Its last piece may still be on its way; then the upstream has its time for
// the answer.
func (p *patience) sent() { p.timer.Reset(p.limit + p.grace() + p.answer) }
