package shortlived

import (
	"context"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// neverEvicts is the policy of a server that refuses writes when its memory is full.
const neverEvicts = "noeviction"

// EvictionPolicy returns the maxmemory-policy under which a server would delete entries before they
// expire; empty when none does, because it has no memory limit or refuses writes beyond it. In a
// Cluster every master is asked.
func (r *Redis) EvictionPolicy(ctx context.Context) (string, error) {
	cluster, ok := r.client.(*redis.ClusterClient)
	if !ok {
		policy, err := evictionPolicy(ctx, r.client)
		return policy, unavailable(ctx, err)
	}
	var mu sync.Mutex
	var found string
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		policy, err := evictionPolicy(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		found = max(found, policy)
		return err
	})
	return found, unavailable(ctx, err)
}

// evictionPolicy asks one server by INFO, which managed servers permit where they refuse CONFIG.
func evictionPolicy(ctx context.Context, server redis.Cmdable) (string, error) {
	text, err := server.Info(ctx, "memory").Result()
	if err != nil {
		return "", err
	}
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			values[name] = value
		}
	}
	if values["maxmemory"] == "0" || values["maxmemory_policy"] == neverEvicts {
		return "", nil
	}
	return values["maxmemory_policy"], nil
}
