package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// batchSize is the number of tokens in one batch.
const batchSize = 100

// measureEnforcement measures the enforcement surfaces with every token cached, in turns with the
// bare component that each is built on.
func (b *bed) measureEnforcement(ctx context.Context, r *report) error {
	e, err := startEcho(b.dir)
	if err != nil {
		return err
	}
	defer e.close() //nolint:errcheck // the measurement is done
	results, err := b.inTurns(ctx,
		e.side("gRPC echo, by turns with what follows"),
		b.side("gRPC introspection, warm cache", b.introspect),
		b.side("gRPC introspection, warm cache, 100 a batch", b.introspectBatch),
		b.side("Envoy's ext_authz, warm cache", b.extAuthz),
	)
	if err != nil {
		return err
	}
	limit, warm, batch, envoy := results[0], results[1], results[2], results[3]
	r.ratio(limit, "the limit of the next rows", 1, 0)
	r.ratio(warm, "of the echo's throughput", warm.perSec/limit.perSec, 0.85)
	r.ratio(batch, "tokens for one asked alone", batch.perSec*batchSize/warm.perSec, 20)
	r.ratio(envoy, "of the echo's throughput", envoy.perSec/limit.perSec, 0.75)
	counts, err := b.count(ctx, b.introspect)
	if err != nil {
		return err
	}
	r.ours(operation{result: warm, echo: limit.total(), ceiling: 1.3, counts: counts})
	return b.measureGateway(ctx, r)
}

// measureGateway compares `/v1` with a reverse proxy that does nothing else, in front of the same
// upstream.
func (b *bed) measureGateway(ctx context.Context, r *report) error {
	bare, err := startServer("proxy-server", b.upstream.addr)
	if err != nil {
		return err
	}
	defer bare.close() //nolint:errcheck // the measurement is done
	results, err := b.inTurns(ctx,
		&side{name: "bare reverse proxy", meter: meter{"proxy": oneProcess(bare.pid())}, op: b.get("http://" + bare.addr)},
		b.side("GET /v1/videos through the gateway, warm cache", b.get(b.d.PublicURL)),
	)
	if err != nil {
		return err
	}
	r.ratio(results[0], "the limit of the next row", 1, 0)
	r.ratio(results[1], "of the bare reverse proxy's throughput", results[1].perSec/results[0].perSec, 0.7)
	return nil
}

// inTurns is the function inTurns, and returns an error if any operation failed.
func (b *bed) inTurns(ctx context.Context, sides ...*side) ([]result, error) {
	results, err := inTurns(ctx, b.o, sides...)
	if err != nil {
		return nil, err
	}
	for _, res := range results {
		if res.errors > 0 {
			return nil, fmt.Errorf("%s: %d errors, the first: %w", res.name, res.errors, res.firstErr)
		}
	}
	return results, nil
}

// side is a load on our processes.
func (b *bed) side(name string, op func(context.Context, int) error) *side {
	return &side{name: name, meter: b.meter, op: op, profile: profiler(b.d, b.o.profile), warm: b.analyze}
}

// analyze gives the tables the statistics that a deployment has after its first minute, when PostgreSQL
// collects them by itself. Without them the planner takes other indexes.
func (b *bed) analyze(ctx context.Context) error {
	for _, database := range b.servers.Databases {
		db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(database), MaxConns: 1, AcquireTimeout: time.Minute})
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, `ANALYZE`)
		if err := errors.Join(err, db.Close()); err != nil {
			return fmt.Errorf("collecting statistics: %w", err)
		}
	}
	return nil
}

func (b *bed) introspectBatch(ctx context.Context, i int) error {
	tokens := make([]string, batchSize)
	for n := range tokens {
		tokens[n] = b.callers[(i+n)%len(b.callers)].tokens.Access
	}
	res, err := tokenv1.NewIntrospectionServiceClient(b.conns[i%len(b.conns)]).
		BatchIntrospectTokens(ctx, &tokenv1.BatchIntrospectTokensRequest{Tokens: tokens})
	if err != nil {
		return err
	}
	if n := len(res.GetAnswers()); n != len(tokens) {
		return fmt.Errorf("%d results for %d tokens", n, len(tokens))
	}
	for _, a := range res.GetAnswers() {
		if !a.GetActive() {
			return errors.New("a live token is inactive")
		}
	}
	return nil
}

func (b *bed) extAuthz(ctx context.Context, i int) error {
	res, err := authv3.NewAuthorizationClient(b.conns[i%len(b.conns)]).Check(ctx, &authv3.CheckRequest{
		Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Method: http.MethodGet, Path: "/v1/videos",
			Headers: map[string]string{"authorization": "Bearer " + b.callers[i].tokens.Access},
		}}},
	})
	if err == nil && res.GetStatus().GetCode() != int32(codes.OK) {
		err = fmt.Errorf("ext_authz denied: %v", res.GetDeniedResponse())
	}
	return err
}

// get returns an operation that requests the videos at an address.
func (b *bed) get(base string) func(context.Context, int) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * b.o.concurrency}}
	return func(ctx context.Context, i int) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/v1/videos", nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+b.callers[i].tokens.Access)
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if n, err := readAll(res.Body); err != nil || n != len(upstreamBody) || res.StatusCode != http.StatusOK {
			return fmt.Errorf("returned %d with %d bytes: %w", res.StatusCode, n, err)
		}
		return nil
	}
}
