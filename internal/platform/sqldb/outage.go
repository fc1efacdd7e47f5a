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
	// patience is how long after its beginning an outage is waited out: a server that is restarted is back by then. Of a longer
	// one callers hear at once.
	patience = 5 * time.Second
	// knockEvery is how often it is asked meanwhile, by one caller for all.
	knockEvery = 50 * time.Millisecond
)

// outage is a time in which the server takes no connections. Nothing was sent to it then, so waiting decides nothing.
type outage struct {
	mu sync.Mutex
	// since is when the outage was noticed; zero while there is none.
	since time.Time
	// over is closed when a server that somebody waits for has come back, or when patience has ended.
	over chan struct{}
}

// wait waits for the server's return, as long as knock says that it is away, and answers whether it is worth another try.
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

// begin notes the outage and has one goroutine knock for as long as there is patience; nil when there is none left.
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

// knock asks until the server is back or patience ends, and wakes everybody.
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

// end notes that the server took a connection.
func (o *outage) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.since = time.Time{}
}

// away says whether a connection failed because no server takes any at the moment: the port is closed, the server starts or
// stops (57P03), or all that there is are standbys, as in the middle of a failover. What an operator has to mend, such as a wrong password, is none of these.
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
