package rpc_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/feed"
	"github.com/vidocu/usher/services/token/internal/introspect"
	"github.com/vidocu/usher/services/token/internal/rpc"
)

// quiet is a log without revocations.
type quiet struct{}

func (quiet) LogBounds(context.Context) (feed.Bounds, error) { return feed.Bounds{Oldest: 1}, nil }

func (quiet) SkipCursors(context.Context, int64) (int64, error) { return 0, nil }

func (quiet) LogAfter(context.Context, int64, int) ([]feed.Entry, error) { return nil, nil }

// warm returns a server with cached tokens, and the tokens.
func warm(b *testing.B, n int) (*rpc.Introspection, []string) {
	b.Helper()
	follow := feed.New(feed.Options{Log: quiet{}, Logger: slog.New(slog.DiscardHandler), Heartbeat: time.Second})
	cache := introspect.NewCache(10_000, follow)
	go follow.Run(b.Context())
	store := newBench().tokens
	server := &rpc.Introspection{Issuer: issuer, Introspector: introspect.Introspector{Store: store, Uses: store, Cache: cache}}
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = secret.Generate(secret.AccessToken).Reveal()
	}
	return server, tokens
}

func BenchmarkIntrospectTokenWarm(b *testing.B) {
	server, tokens := warm(b, 100)
	req := &tokenv1.IntrospectTokenRequest{}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		req.Token = tokens[n%len(tokens)]
		if res, err := server.IntrospectToken(b.Context(), req); err != nil || !res.GetActive() {
			b.Fatal(res, err)
		}
	}
}

// BenchmarkBatchIntrospectTokensWarm is a hundred tokens an iteration, from one message's bytes to
// the other's.
func BenchmarkBatchIntrospectTokensWarm(b *testing.B) {
	server, tokens := warm(b, 100)
	requests, err := proto.Marshal(&tokenv1.BatchIntrospectTokensRequest{Tokens: tokens})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var req tokenv1.BatchIntrospectTokensRequest
		if err := proto.Unmarshal(requests, &req); err != nil {
			b.Fatal(err)
		}
		res, err := server.BatchIntrospectTokens(b.Context(), &req)
		if err != nil {
			b.Fatal(err)
		}
		if raw, err := proto.Marshal(res); err != nil || len(raw) < 50*len(tokens) {
			b.Fatal(len(raw), err)
		}
	}
}
