package sqldb

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// patience is how long callers wait for a server from the start of an outage: a restart is over
	// by then. In a longer outage callers fail at once.
	patience = 5 * time.Second
	// knockEvery is the interval of the reconnection attempts, by one goroutine for all callers.
	knockEvery = 50 * time.Millisecond
)

// outage is a period in which the server accepts no connections. No statement was sent in it, so
// waiting and retrying is safe.
type outage struct {
	mu sync.Mutex
	// since is when the outage was detected; zero while there is none.
	since time.Time
	// over is closed when the server accepts connections again, or when patience has ended.
	over chan struct{}
}

// wait waits until the server accepts connections, as long as knock reports that it does not, and
// reports whether another attempt is worthwhile.
func (o *outage) wait(ctx context.Context, knock func(context.Context) bool) bool {
	over := o.begin(knock)
	if over == nil {
		return false
	}
	select {
	case <-over:
		return true
	case <-ctx.Done():
		return false
	}
}

// begin records the start of the outage and starts one goroutine that calls knock until patience
// ends; it returns nil when patience has ended already.
func (o *outage) begin(knock func(context.Context) bool) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		o.since = time.Now()
	}
	left := patience - time.Since(o.since)
	if left <= 0 {
		return nil
	}
	if o.over == nil {
		o.over = make(chan struct{})
		go o.knock(left, knock)
	}
	return o.over
}

// knock polls until the server is back or patience ends, and wakes all waiting callers.
func (o *outage) knock(left time.Duration, knock func(context.Context) bool) {
	ctx, cancel := context.WithTimeout(context.Background(), left)
	defer cancel()
	tick := time.NewTicker(knockEvery)
	defer tick.Stop()
	for knock(ctx) && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.over)
	o.over = nil
}

// end records that the server accepted a connection.
func (o *outage) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.since = time.Time{}
}

// away reports whether a connection failed because no server accepts connections at the moment: the
// port is closed, the server starts or stops (57P03), or only standbys are left, as in the middle
// of a failover. Errors that an operator has to correct, such as a wrong password, do not count.
func away(err error) bool {
	var connect *pgconn.ConnectError
	if !errors.As(err, &connect) {
		return false
	}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Code == "57P03"
	}
	return errors.Is(err, errReadOnly) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET)
}
