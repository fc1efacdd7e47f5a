package shortlived_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/test/harness"
)

// TestEveryMasterOfAClusterIsAskedForItsPolicy: one that deletes entries is enough to lose some.
func TestEveryMasterOfAClusterIsAskedForItsPolicy(t *testing.T) {
	ctx := t.Context()
	cluster, err := harness.StartRedisCluster(ctx, t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, cluster.Close()) })
	store := open(t, shortlived.RedisConfig{Addrs: cluster.Addrs(), Prefix: "t:"})
	if policy, err := store.EvictionPolicy(ctx); err != nil || policy != "" {
		t.Errorf("without a memory limit: %q, %v", policy, err)
	}
	masters, err := cluster.Masters(ctx)
	must(t, err)
	for _, addr := range masters {
		node := redis.NewClient(&redis.Options{Addr: addr})
		must(t, node.ConfigSet(ctx, "maxmemory", "64mb").Err())
		must(t, node.ConfigSet(ctx, "maxmemory-policy", "volatile-lru").Err())
		if policy, err := store.EvictionPolicy(ctx); err != nil || policy != "volatile-lru" {
			t.Errorf("with one master that deletes: %q, %v", policy, err)
		}
		must(t, node.ConfigSet(ctx, "maxmemory-policy", "noeviction").Err())
		must(t, node.Close())
	}
}
