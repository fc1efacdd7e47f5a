// Package failover runs two replicas of every service while the servers below them fail over: a
// Redis Cluster, Redis behind Sentinels, and PostgreSQL. Browsers and a client run the whole flow
// meanwhile, over HTTP alone.
package failover

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// start starts two replicas of every service on the servers.
func start(t *testing.T, servers harness.Servers, settings map[string]string) *harness.Deployment {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	expect.NoError(t, os.Mkdir(bin, 0o700))
	bins, err := harness.Build(bin) // the tests race processes, not goroutines
	expect.NoError(t, err)
	all := map[string]string{
		// All requests come from one user and one address.
		"USHER_IDENTITY_SOURCE_ATTEMPTS": "100000", "USHER_AUTHZ_ANONYMOUS_REQUESTS": "0",
		"USHER_TOKEN_GRANT_LIMIT": "0",
	}
	maps.Copy(all, settings)
	d, err := harness.Replicated(bins, dir, servers, 2, harness.WithLongTimeouts(all))
	expect.NoError(t, err)
	d.Own = servers
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// TestFault_C14_NoFlowFailsOnceAClusterHasFailedOver: with one of six nodes in the settings, a
// master is killed under load and rejoins as a replica. While slots move no flow fails at all.
func TestFault_C14_NoFlowFailsOnceAClusterHasFailedOver(t *testing.T) {
	cluster, err := harness.StartRedisCluster(t.Context(), t.TempDir())
	expect.NoError(t, err)
	t.Cleanup(func() { _ = cluster.Close() })
	servers, err := harness.NewServers(t.Context())
	expect.NoError(t, err)
	servers.RedisAddr = cluster.Addrs()[0]
	work := startLoad(t, start(t, servers, map[string]string{"USHER_REDIS_CLUSTER": "true"}))

	work.watch(t, "while slots move", func() { expect.NoError(t, cluster.MoveSlots(t.Context(), 300)) })
	killed, err := cluster.KillMaster(t.Context())
	expect.NoError(t, err)
	work.recovers(t, "a master was replaced")
	work.watch(t, "while the killed node comes back", func() { expect.NoError(t, cluster.Restart(t.Context(), killed)) })
}

// TestFault_C14_NoFlowFailsOnceSentinelsHaveFailedOver: the master is killed under load, and
// rejoins as a replica.
func TestFault_C14_NoFlowFailsOnceSentinelsHaveFailedOver(t *testing.T) {
	group, err := harness.StartGuardedRedisGroup(t.Context(), t.TempDir(), harness.RedisSecrets{Server: "server-secret", Sentinel: "sentinel-secret"})
	expect.NoError(t, err)
	t.Cleanup(func() { _ = group.Close() })
	servers, err := harness.NewServers(t.Context())
	expect.NoError(t, err)
	servers.RedisAddr = group.Sentinels()
	work := startLoad(t, start(t, servers, map[string]string{
		"USHER_REDIS_MASTER_NAME": harness.RedisMaster,
		"USHER_REDIS_PASSWORD":    "server-secret", "USHER_REDIS_SENTINEL_PASSWORD": "sentinel-secret",
	}))

	work.watch(t, "before", func() {})
	expect.NoError(t, group.KillMaster(t.Context()))
	work.recovers(t, "the master was replaced")
}

// TestFault_C4_NoFlowFailsOncePostgreSQLHasFailedOver: the old primary becomes the standby, first
// at the first address of the URL and then at the second.
func TestFault_C4_NoFlowFailsOncePostgreSQLHasFailedOver(t *testing.T) {
	pair, err := harness.StartPostgresPair(t.TempDir())
	expect.NoError(t, err)
	t.Cleanup(func() {
		if err := pair.Close(); err != nil {
			t.Error(err)
		}
	})
	servers, err := pair.NewServers(t.Context())
	expect.NoError(t, err)
	work := startLoad(t, start(t, servers, nil))

	work.watch(t, "before", func() {})
	for range 2 {
		expect.NoError(t, pair.Failover(t.Context()))
		work.recovers(t, "the primary was replaced")
	}
}
