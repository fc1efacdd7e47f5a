package usher

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// flight is one request in flight. The fields below done are written before done is closed.
type flight struct {
	number uint64
	done   chan struct{}

	token *Token
	err   error
	// current is true where no revocation that was applied since the start of the request can
	// concern the response.
	current bool
}

// flights holds the requests in flight, at most one per token.
type flights struct {
	mu       sync.Mutex
	inFlight map[key]*flight
	started  uint64
}

// join returns the token's flight in progress, or a new one, which the caller must run. before is
// the number of flights that were started before.
func (f *flights) join(k key) (found *flight, created bool, before uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before = f.started
	if found, ok := f.inFlight[k]; ok {
		return found, false, before
	}
	f.started++
	made := &flight{number: f.started, done: make(chan struct{})}
	f.inFlight[k] = made
	return made, true, before
}

func (f *flights) finish(k key, landed *flight) {
	f.mu.Lock()
	delete(f.inFlight, k)
	f.mu.Unlock()
	close(landed.done)
}

// maxAttempts is how often a response that a revocation may concern is requested again before it is
// returned uncached: the request started after the call.
const maxAttempts = 2

// introspect sends one request for all concurrent calls with the same token. While the cache is
// trusted, a call may join a flight in progress, as it may use a cached response; otherwise only a
// flight that started after the call, so that it reflects every revocation before the call. The
// request is not cancelled with the caller's context, because others may wait for it.
//
// A flight takes at most callTimeout, and so does the call, of however many flights it has to wait for.
func (c *Client) introspect(ctx context.Context, k key, token string) (*Token, error) {
	trusted := c.size > 0 && c.cache.isTrusted(c.now())
	limit := time.NewTimer(callTimeout)
	defer limit.Stop()
	var tooLate <-chan time.Time // nil while it waits for the first flight, whose error says more
	var first uint64             // the number of the first flight that starts after this call came
	for attempt := 0; ; {
		f, created, before := c.flights.join(k)
		if first == 0 {
			first = before + 1
		}
		if created {
			go c.run(context.WithoutCancel(ctx), k, token, f)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("introspecting a token: %w", ctx.Err())
		case <-tooLate:
			return nil, fmt.Errorf("introspecting a token: %w", status.FromContextError(context.DeadlineExceeded).Err())
		}
		tooLate = limit.C
		later := f.number >= first
		if f.current && (trusted || later) || later && (f.err != nil || attempt == maxAttempts) {
			return f.token, f.err
		}
		if later {
			attempt++
		}
	}
}

// run sends the request, and caches the response where it may.
func (c *Client) run(ctx context.Context, k key, token string, f *flight) {
	defer c.flights.finish(k, f)
	// Another flight may have finished between the caller's lookup and the start of this one.
	if e := c.cache.get(&k, c.now()); e != nil {
		if f.token, f.current = e.token, true; e.token == nil {
			f.err = ErrInactive
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	l := c.cache.startLookup()
	res, err := c.introspection.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token, MinCursor: l.cursor, ChecksAddresses: true})
	if err != nil {
		f.err = fmt.Errorf("introspecting a token: %w", err)
		return
	}
	e := c.entryOf(k, l, res)
	if f.token = e.token; e.token == nil {
		f.err = ErrInactive
	}
	f.current = c.cache.store(l, e)
}

// entryOf converts a response. The entry's age is counted from the start of the request, so that it
// never exceeds the lifetime that the server returned.
func (c *Client) entryOf(k key, l lookup, res *tokenv1.IntrospectTokenResponse) *entry {
	if !res.GetActive() {
		return &entry{key: k, deadline: l.start + c.negativeAge}
	}
	age := c.maxAge
	switch left := res.GetExpiresInMs(); {
	case left > 0 && left < age.Milliseconds():
		age = time.Duration(left) * time.Millisecond
	case left < 0, left == 0 && res.GetExp() != 0: // expired, or an expiry by the server's clock only
		age = 0
	}
	e := &cachedToken{value: c.scopes.tokenOf(res)}
	e.entry = entry{key: k, deadline: l.start + age, token: &e.value, grant: string(res.GetGrantId())}
	return &e.entry
}
