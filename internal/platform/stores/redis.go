package stores

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/shortlived"
)

const (
	// topologyLimit is the timeout of the query for Redis's topology.
	topologyLimit = 2 * time.Second
	// topologyEvery is the interval of the query until it succeeds once.
	topologyEvery = time.Second
)

// RedisConfig converts the settings of Redis.
func RedisConfig(s *run.Settings) shortlived.RedisConfig {
	r := s.Redis
	return shortlived.RedisConfig{
		Addrs: r.Addrs, Cluster: r.Cluster, MasterName: r.MasterName, Username: r.Username, Password: r.Password,
		SentinelUsername: r.SentinelUsername, SentinelPassword: r.SentinelPassword,
		TLS:    shortlived.RedisTLS{On: r.TLS, CAFile: r.CAFile, CertFile: r.CertFile, KeyFile: r.KeyFile},
		Prefix: r.Prefix, Now: s.Now,
	}
}

// CheckRedis validates the section redis, and reads its files. It connects to nothing.
func CheckRedis(s *run.Settings) []error {
	if len(s.Redis.Addrs) == 0 {
		return nil // reported as a missing setting
	}
	faults := config.Each(section("redis", RedisConfig(s).Validate()))
	return slices.DeleteFunc(faults, func(err error) bool { return strings.HasPrefix(err.Error(), "redis.addrs") }) // Settings.Validate reports them
}

// openRedis opens the short-lived store that replicas share. If Redis is down, the process keeps
// connecting while it runs; another topology than in the settings fails the start, and makes the
// process not ready when it is detected later.
func openRedis(ctx context.Context, h *run.Host) (shortlived.Store, error) {
	c := RedisConfig(h.Settings)
	c.Logger, c.Tracer = h.Logger, h.Tracing.Provider()
	store, err := shortlived.OpenRedis(c)
	if err != nil {
		return nil, section("redis", err)
	}
	h.Closing(store.Close)
	h.Metrics.Pool("redis", store.Pool)
	t := &topology{store: store, host: h}
	if err := t.check(ctx); errors.Is(err, shortlived.ErrTopology) {
		return nil, err
	} else if err != nil {
		h.Logger.Warn("redis cannot be used now", "error", err)
		h.Go(t.watch)
	}
	h.Checking(t.ready)
	return store, nil
}

// topology is the state of the check of Redis's topology.
type topology struct {
	store *shortlived.Redis
	host  *run.Host
	// wrong is the mismatch; nil while there is none or Redis has not responded yet.
	wrong atomic.Pointer[error]
}

func (t *topology) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, topologyLimit)
	defer cancel()
	return t.store.CheckTopology(ctx)
}

// watch repeats the check until the topology is right.
func (t *topology) watch(ctx context.Context) error {
	tick := time.NewTicker(topologyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := t.check(ctx)
		switch {
		case err == nil:
			t.wrong.Store(nil)
			return nil
		case errors.Is(err, shortlived.ErrTopology) && t.wrong.Swap(&err) == nil:
			t.host.Logger.Error("redis cannot be used", "error", err)
		}
	}
}

// ready is the process's readiness check. A Redis that is down does not matter to it: most requests
// do not need Redis.
func (t *topology) ready(context.Context) error {
	if err := t.wrong.Load(); err != nil {
		return *err
	}
	return nil
}

// section prefixes each error with a section's name.
func section(name string, err error) error {
	var faults []error
	for _, fault := range config.Each(err) {
		faults = append(faults, fmt.Errorf("%s.%w", name, fault))
	}
	return errors.Join(faults...)
}
