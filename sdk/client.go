package usher

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// callLimit bounds a question to the token service.
const callLimit = 2 * time.Second

// Client says what tokens stand for. Its methods may be called concurrently.
type Client struct {
	options
	memory        *memory
	flights       flights
	catalog       *catalog
	state         *state
	words         words
	introspection tokenv1.IntrospectionServiceClient

	close func() error
}

// New makes a client over a connection that stays the caller's. It begins at once to follow the revocation log and to read
// the catalog; Close ends that. Behind a network that may swallow bytes the connection should have keepalive on, as
// those that Dial makes do.
func New(conn grpc.ClientConnInterface, opts ...Option) *Client {
	return start(conn, settings(opts), nil, func() error { return nil })
}

func start(conn grpc.ClientConnInterface, o options, renew func(), end func() error) *Client {
	c := &Client{
		options: o, memory: newMemory(o.size, o.now), flights: flights{under: map[key]*flight{}}, state: newState(),
		introspection: tokenv1.NewIntrospectionServiceClient(conn),
	}
	c.catalog = newCatalog(tokenv1.NewCatalogServiceClient(conn), c.state, o.logger)
	log := &follower{
		service: tokenv1.NewRevocationServiceClient(conn), memory: c.memory, catalog: c.catalog, state: c.state,
		logger: o.logger, now: o.now, renew: renew, bound: firstBound,
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { log.run(ctx) })
	running.Go(func() { c.catalog.run(ctx) })
	c.close = sync.OnceValue(func() error {
		cancel()
		running.Wait()
		c.memory.trust(0)
		c.state.end()
		return end()
	})
	return c
}

// Close ends what runs in the background, and the connection if Dial made it. A client that is closed remembers nothing.
func (c *Client) Close() error { return c.close() }

// Ready waits until the catalog is there and the revocation log is followed, so that the first requests neither fail nor all ask.
// With a token service that has no log it waits for the catalog alone. It fails when ctx ends first, with the reason why not.
func (c *Client) Ready(ctx context.Context) error { return c.state.wait(ctx) }

// Introspect says what a token stands for. It fails with ErrInactive for a token that opens nothing, and with another error,
// a gRPC status or that of ctx, when the token service could not be asked within 2 s: deny then, and say 503 and not 401.
func (c *Client) Introspect(ctx context.Context, token string) (*Token, error) {
	if !enforce.PossibleLength(len(token)) {
		return nil, ErrInactive
	}
	k := keyOf(token)
	if e := c.memory.get(&k, c.now()); e != nil {
		if e.token == nil {
			return nil, ErrInactive
		}
		return e.token, nil
	}
	if !wellFormed(token) {
		return nil, ErrInactive
	}
	return c.ask(ctx, k, token)
}

// Check decides whether a token opens an endpoint, by the catalog of the token service: the token first, then the path, the
// scope and the plan. An empty token is none. The path is as it stood in the request line, undecoded and without the
// query. The error is, for errors.As, an *enforce.Denial: 401, 403 or 404, or 503 when it cannot be known.
func (c *Client) Check(ctx context.Context, token, method, path string) (*Token, error) {
	if token == "" {
		return nil, enforce.Unauthenticated(false)
	}
	t, err := c.Introspect(ctx, token)
	if err != nil {
		return nil, denialOf(token, err)
	}
	rules := c.catalog.rules()
	if rules == nil {
		return nil, unavailable(errNoCatalog)
	}
	if d := rules.Decide(t.subject(), method, path); d != nil {
		return nil, d
	}
	return t, nil
}

var errNoCatalog = errors.New("the catalog has not been read yet")

func denialOf(token string, err error) error {
	if errors.Is(err, ErrInactive) {
		return enforce.Inactive(token)
	}
	return unavailable(err)
}

// unavailable keeps the cause, for the log.
func unavailable(cause error) error { return fmt.Errorf("%w (%w)", enforce.Unavailable(), cause) }
