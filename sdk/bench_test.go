package usher_test

import (
	"sync/atomic"
	"testing"
	"time"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/ushertest"
)

// warm returns a client with n cached tokens.
func warm(t testing.TB, n int) (*usher.Client, []string) {
	t.Helper()
	server := ushertest.New()
	client := ready(t, server, usher.WithMaxAge(time.Hour), usher.WithCacheSize(2*n+8))
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = server.Issue(facts())
		if !active(t, client, tokens[i]) {
			t.Fatal("not active")
		}
	}
	return client, tokens
}

func TestAWarmCheckAllocatesNothing(t *testing.T) {
	server := withResources()
	client := ready(t, server, usher.WithMaxAge(time.Hour))
	var tokens []string
	for i := range 16 {
		issued := facts()
		if i%2 == 0 {
			issued.Aud = []string{"https://mcp.test/mcp", "https://api.test/v1"}
		}
		tokens = append(tokens, server.Issue(issued))
		_ = active(t, client, tokens[i])
	}
	ctx, i := t.Context(), 0
	allocs := testing.AllocsPerRun(2000, func() {
		i++
		if _, err := client.Check(ctx, tokens[i%len(tokens)], "GET", "/v1/videos"); err != nil {
			t.Error(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a check", allocs)
	}
}

func BenchmarkCheckWarm(b *testing.B) {
	client, tokens := warm(b, 1)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Check(ctx, tokens[0], "GET", "/v1/videos"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckWarmManyTokens(b *testing.B) {
	client, tokens := warm(b, 20_000)
	ctx, i := b.Context(), 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		if _, err := client.Check(ctx, tokens[(i*7919)%len(tokens)], "GET", "/v1/videos"); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkParallel(b *testing.B, n int) {
	client, tokens := warm(b, n)
	var lane atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		ctx, i := b.Context(), int(lane.Add(1))*997
		for pb.Next() {
			i++
			if _, err := client.Check(ctx, tokens[(i*7919)%len(tokens)], "GET", "/v1/videos"); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkCheckWarmParallelHot(b *testing.B)  { benchmarkParallel(b, 1) }
func BenchmarkCheckWarmParallelMany(b *testing.B) { benchmarkParallel(b, 20_000) }

// BenchmarkCheckCold introspects at every call, over loopback.
func BenchmarkCheckCold(b *testing.B) {
	server := ushertest.New()
	client := ready(b, server, usher.WithCacheSize(0))
	token := server.Issue(facts())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Check(b.Context(), token, "GET", "/v1/videos"); err != nil {
			b.Fatal(err)
		}
	}
}
