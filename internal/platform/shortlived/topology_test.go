package shortlived_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/test/harness"
)

// recovery is the time after Redis's own failover within which everything must work again.
const recovery = 5 * time.Second

func open(t *testing.T, c shortlived.RedisConfig) *shortlived.Redis {
	t.Helper()
	store, err := shortlived.OpenRedis(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// everything uses every method once, with a key of its own.
func everything(ctx context.Context, s shortlived.Store, key string) error {
	if err := s.Put(ctx, key, []byte("a"), time.Minute); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	if fresh, err := s.PutNew(ctx, key, []byte("b"), time.Minute); err != nil || fresh {
		return fmt.Errorf("put new: %v, %w", fresh, err)
	}
	if done, err := s.CompareAndSet(ctx, key, []byte("a"), []byte("c")); err != nil || !done {
		return fmt.Errorf("compare and set: %v, %w", done, err)
	}
	if value, found, err := s.Get(ctx, key); err != nil || !found || string(value) != "c" {
		return fmt.Errorf("get: %s, %v, %w", value, found, err)
	}
	if _, found, err := s.Take(ctx, key); err != nil || !found {
		return fmt.Errorf("take: %v, %w", found, err)
	}
	if n, err := s.Count(ctx, key+"/count", time.Minute); err != nil || n != 1 {
		return fmt.Errorf("count: %d, %w", n, err)
	}
	if left, err := s.Spend(ctx, key+"/budget", 1, time.Minute); err != nil || !left {
		return fmt.Errorf("spend: %v, %w", left, err)
	}
	for what, err := range map[string]error{"refund": s.Refund(ctx, key+"/budget"), "delete": s.Delete(ctx, key), "ping": s.Ping(ctx)} {
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// hang is the timeout of a wait that would never end.
const hang = 3 * time.Minute

// load calls everything from several goroutines. Calls that begin while it is watched count.
type load struct {
	ended atomic.Bool
	busy  sync.WaitGroup

	mu sync.Mutex
	// since is the beginning of the watch; zero while there is none.
	since time.Time
	// well are the goroutines that have succeeded during the watch, and fault is its first failure.
	well  map[int]bool
	fault error
}

// workers is the number of goroutines.
const workers = 8

func startLoad(t *testing.T, s shortlived.Store) *load {
	t.Helper()
	l := &load{}
	for worker := range workers {
		l.busy.Go(func() {
			for i := 0; !l.ended.Load(); i++ {
				begin := time.Now()
				l.count(worker, begin, everything(context.Background(), s, fmt.Sprintf("%d-%d", worker, i)))
			}
		})
	}
	t.Cleanup(func() {
		l.ended.Store(true)
		l.busy.Wait()
	})
	return l
}

// count counts a call of a goroutine.
func (l *load) count(worker int, begin time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.since.IsZero() || begin.Before(l.since):
	case err != nil:
		l.fault = cmp.Or(l.fault, err)
	default:
		l.well[worker] = true
	}
}

// begin begins a watch at a time, or ends it with the zero time.
func (l *load) begin(since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since, l.well, l.fault = since, map[int]bool{}, nil
}

// counts returns how many goroutines have succeeded during the watch, and its first failure.
func (l *load) counts() (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.well), l.fault
}

// watch fails the test when a call fails that begins while f runs, or afterwards until every
// goroutine has succeeded: a call that hangs is a failure too.
func (l *load) watch(t *testing.T, what string, f func()) {
	t.Helper()
	l.begin(time.Now())
	defer l.begin(time.Time{})
	f()
	for end := time.Now().Add(hang); ; time.Sleep(10 * time.Millisecond) {
		well, err := l.counts()
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		if well == workers {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: only %d of %d goroutines were served within %s", what, well, workers, hang)
		}
	}
}

// recovers waits for the recovery time, and then watches for a while.
func (l *load) recovers(t *testing.T) {
	t.Helper()
	time.Sleep(recovery) // the promise is a duration
	l.watch(t, recovery.String()+" after the failover", func() { time.Sleep(time.Second) })
}

// TestFault_C14_AClusterKeepsServing through its single address, while a master dies under load and
// comes back as a replica, and while slots move from one master to another.
func TestFault_C14_AClusterKeepsServing(t *testing.T) {
	t.Parallel() // it mostly waits
	cluster, err := harness.StartRedisCluster(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(func() { _ = cluster.Close() })
	seed := cluster.Addrs()[:1]
	store := open(t, shortlived.RedisConfig{Addrs: seed, Cluster: true, Prefix: "usher:", Logger: slog.New(slog.DiscardHandler)})
	must(t, store.CheckTopology(t.Context()))
	for i := range 50 { // keys of every master
		must(t, everything(t.Context(), store, fmt.Sprint("first ", i)))
	}
	if err := open(t, shortlived.RedisConfig{Addrs: seed}).CheckTopology(t.Context()); !errors.Is(err, shortlived.ErrTopology) ||
		!strings.Contains(err.Error(), "redis.cluster") {
		t.Errorf("a node of a Cluster taken for a single server: %v", err)
	}

	work := startLoad(t, store)
	work.watch(t, "while slots move", func() { must(t, cluster.MoveSlots(t.Context(), 300)) })
	killed, err := cluster.KillMaster(t.Context())
	must(t, err)
	work.recovers(t)
	work.watch(t, "while the killed node comes back", func() { must(t, cluster.Restart(t.Context(), killed)) })
}

// TestFault_C14_SentinelsMayHavePasswordsOfTheirOwn, and a master that is killed is replaced.
func TestFault_C14_SentinelsMayHavePasswordsOfTheirOwn(t *testing.T) {
	t.Parallel() // it mostly waits
	group, err := harness.StartGuardedRedisGroup(t.Context(), t.TempDir(), harness.RedisSecrets{Server: "server-secret", Sentinel: "sentinel-secret"})
	must(t, err)
	t.Cleanup(func() { _ = group.Close() })
	config := shortlived.RedisConfig{
		Addrs: strings.Split(group.Sentinels(), ","), MasterName: harness.RedisMaster, Prefix: "usher:",
		Password: secret.New("server-secret"), SentinelPassword: secret.New("sentinel-secret"), Logger: slog.New(slog.DiscardHandler),
	}
	store := open(t, config)
	must(t, store.CheckTopology(t.Context()))
	must(t, everything(t.Context(), store, "first"))

	without, unknown, direct := config, config, config
	without.SentinelPassword = secret.String{}
	unknown.MasterName = "elsewhere"
	direct.Addrs = group.Nodes()[:1]
	for name, row := range map[string]struct {
		config shortlived.RedisConfig
		is     error
		says   string
	}{
		"no password for the Sentinels": {without, shortlived.ErrUnavailable, "redis.sentinel_password"},
		"another master":                {unknown, shortlived.ErrTopology, "redis.master_name"},
		"a server for a Sentinel":       {direct, shortlived.ErrTopology, "not a Sentinel"},
	} {
		if err := open(t, row.config).CheckTopology(t.Context()); !errors.Is(err, row.is) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	work := startLoad(t, store)
	must(t, group.KillMaster(t.Context()))
	work.recovers(t)
}

// TestFault_C14_TLSMayBeOfAPrivateAuthority that requires a client certificate too.
func TestFault_C14_TLSMayBeOfAPrivateAuthority(t *testing.T) {
	server, err := harness.StartTLSRedis(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(func() { _ = server.Close() })
	files := shortlived.RedisTLS{On: true, CAFile: server.CAFile, CertFile: server.CertFile, KeyFile: server.KeyFile}
	store := open(t, shortlived.RedisConfig{Addrs: []string{server.Addr}, TLS: files})
	must(t, store.CheckTopology(t.Context()))
	must(t, everything(t.Context(), store, "first"))
	for name, c := range map[string]struct {
		tls  shortlived.RedisTLS
		says string
	}{
		"the system's authorities": {shortlived.RedisTLS{On: true}, "authority"},
		"no certificate":           {shortlived.RedisTLS{On: true, CAFile: server.CAFile}, ""}, // the server may only reset
		"no TLS":                   {shortlived.RedisTLS{}, ""},
	} {
		if err := open(t, shortlived.RedisConfig{Addrs: []string{server.Addr}, TLS: c.tls}).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFault_C14_WhatCannotBeMeantIsRefused before anything connects.
func TestFault_C14_WhatCannotBeMeantIsRefused(t *testing.T) {
	for says, c := range map[string]shortlived.RedisConfig{
		"is a URL":           {Addrs: []string{"redis://h:6379"}},
		"is not host:port":   {Addrs: []string{"h"}},
		"no port":            {Addrs: []string{"h:nothing"}},
		"cluster and master": {Addrs: []string{"h:1"}, Cluster: true, MasterName: "m"},
		"are for Sentinels":  {Addrs: []string{"h:1"}, SentinelPassword: secret.New("x")},
		"are for TLS":        {Addrs: []string{"h:1"}, TLS: shortlived.RedisTLS{CAFile: "/x"}},
		"belong together":    {Addrs: []string{"h:1"}, TLS: shortlived.RedisTLS{On: true, CertFile: "/x"}},
		"ca_file":            {Addrs: []string{"h:1"}, TLS: shortlived.RedisTLS{On: true, CAFile: "/nowhere"}},
	} {
		if _, err := shortlived.OpenRedis(c); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want %q", c, err, says)
		}
	}
}
