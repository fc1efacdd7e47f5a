package usher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// callTimeout is the timeout of a call to the token service.
const callTimeout = 2 * time.Second

// Client introspects and checks tokens. Its methods may be called concurrently.
type Client struct {
	options
	cache         *cache
	flights       flights
	catalog       *catalog
	readiness     *readiness
	scopes        scopeCache
	introspection tokenv1.IntrospectionServiceClient
	proofs        *enforce.Proofs

	close func() error
}

// New returns a client that uses the caller's connection, which Close does not close. It starts to
// follow the revocation log and to load the catalog. On a network that may drop packets silently
// the connection needs keepalive, as those of Dial have.
func New(conn grpc.ClientConnInterface, opts ...Option) *Client {
	return start(conn, settings(opts), nil, func() error { return nil })
}

func start(conn grpc.ClientConnInterface, o options, reconnect func(), closeConn func() error) *Client {
	c := &Client{
		options: o, cache: newCache(o.size, o.now), flights: flights{inFlight: map[key]*flight{}}, readiness: newReadiness(),
		introspection: tokenv1.NewIntrospectionServiceClient(conn), proofs: enforce.NewProofs(),
	}
	c.proofs.Nonces = o.nonces
	c.catalog = newCatalog(tokenv1.NewCatalogServiceClient(conn), c.readiness, o.logger)
	log := &follower{
		service: tokenv1.NewRevocationServiceClient(conn), cache: c.cache, catalog: c.catalog, readiness: c.readiness,
		logger: o.logger, now: o.now, reconnect: reconnect, bound: initialBound,
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { log.run(ctx) })
	running.Go(func() { c.catalog.run(ctx) })
	c.close = sync.OnceValue(func() error {
		cancel()
		running.Wait()
		c.cache.trustUntil(0)
		c.readiness.close()
		return closeConn()
	})
	return c
}

// Close stops the background goroutines, and closes the connection of Dial. A closed client uses no
// cached response.
func (c *Client) Close() error { return c.close() }

// Ready waits until the catalog is loaded and the revocation log is followed, so that the first
// requests do not fail and can be cached. With a token service without a revocation log it waits
// for the catalog only. It returns an error with the cause where ctx ends first.
func (c *Client) Ready(ctx context.Context) error { return c.readiness.wait(ctx) }

// Introspect returns the token's properties. It returns ErrInactive for a token that is not active,
// and another error, a gRPC status or that of ctx, where the token service did not respond within 2
// s: deny the request then, with 503 and not with 401.
//
// An active token is not yet access. Introspect checks neither the kind and the scope of the token, nor that it
// was issued for this service, nor that the request proves the key that it is bound to: CheckRequest and
// the middleware do. Code of its own passes Token.EnforcedSubject to enforce.Resource.RequireScope, which
// refuses a bound token.
//
// A restricted API key may be limited to networks: unless ctx has an address in one of them (WithSource)
// the error is ErrAddress, which is an ErrInactive.
func (c *Client) Introspect(ctx context.Context, token string) (*Token, error) {
	t, err := c.introspectAnywhere(ctx, token)
	if err == nil && !t.Addresses.Allow(sourceFrom(ctx)) {
		return nil, ErrAddress
	}
	return t, err
}

// introspectAnywhere is Introspect without the comparison of addresses.
func (c *Client) introspectAnywhere(ctx context.Context, token string) (*Token, error) {
	if !enforce.PossibleLength(len(token)) {
		return nil, ErrInactive
	}
	k := keyOf(token)
	if e := c.cache.get(&k, c.now()); e != nil {
		if e.token == nil {
			return nil, ErrInactive
		}
		return e.token, nil
	}
	if !wellFormed(token) {
		return nil, ErrInactive
	}
	return c.introspect(ctx, k, token)
}

// Check is CheckRequest for a bearer token: one that is bound to a key is refused. An empty token
// counts as none, and enforce.Malformed as one that cannot be read.
func (c *Client) Check(ctx context.Context, token, method, path string) (*Token, error) {
	return c.CheckRequest(ctx, Request{Credential: enforce.Credential{Token: token}, Method: method, Path: path})
}

// Request is a request to an API.
type Request struct {
	// Credential is what it authenticates with: enforce.ReadCredential reads the headers.
	Credential enforce.Credential
	Method     string
	// Path is that of the request line, undecoded and without the query.
	Path string
	// Source is the network address that the request came from, with or without a port; empty for that of
	// WithSource. Behind proxies it is the address that the first trusted one saw. An API key that is
	// restricted to networks is refused unless it is in one of them, so also where it is not known.
	Source string
}

// CheckRequest authorizes a request by the token service's catalog: it checks the token, that the
// request proves the key that the token is bound to, if it is, and that the token was issued for the
// path's resource, then the path, the scope and the plan. A proof must be for the origin of the
// resource's identifier and the path. errors.As finds an *enforce.Denial in the error: 401, 403 or
// 404, or 503 where the token or the proof cannot be checked.
func (c *Client) CheckRequest(ctx context.Context, r Request) (*Token, error) {
	rules := c.catalog.rules()
	if r.Credential.Token == "" {
		return nil, rules.Challenge(r.Credential.Inactive(), r.Method, r.Path)
	}
	t, err := c.introspectAnywhere(ctx, r.Credential.Token)
	if errors.Is(err, ErrInactive) {
		return nil, rules.Challenge(r.Credential.Inactive(), r.Method, r.Path)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	if rules == nil {
		return nil, unavailable(errNoCatalog)
	}
	if !t.Addresses.Allow(cmp.Or(r.Source, sourceFrom(ctx))) {
		return nil, rules.Challenge(enforce.OtherAddress(), r.Method, r.Path).WithToken(t)
	}
	if t.Thumbprint != "" || r.Credential.DPoP {
		call := enforce.Call{Method: r.Method, Origin: rules.Origin(r.Path), Path: r.Path}
		if d := c.proofs.Confirm(ctx, r.Credential, t.Thumbprint, call); d != nil {
			return nil, rules.Challenge(d, r.Method, r.Path).WithToken(t)
		}
	}
	subject := t.EnforcedSubject()
	subject.Proved = true
	if d := rules.Decide(subject, r.Method, r.Path); d != nil {
		return nil, d.WithToken(t)
	}
	return t, nil
}

// RefusedToken returns the token of a request that CheckRequest refused, for a log; nil where the token
// is not active, or could not be checked. The request may not be served.
func RefusedToken(err error) *Token {
	var refused *enforce.Denial
	if !errors.As(err, &refused) {
		return nil
	}
	t, _ := refused.Token().(*Token)
	return t
}

var errNoCatalog = errors.New("the catalog has not been loaded yet")

// unavailable returns a 503 denial that wraps its cause, for the log.
func unavailable(cause error) error { return fmt.Errorf("%w (%w)", enforce.Unavailable(), cause) }
