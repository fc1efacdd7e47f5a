package rolling

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/vidocu/usher/test/harness"
)

// fleet is two replicas of every service, and what they stand on.
type fleet struct {
	deployment *harness.Deployment
	postgres   *harness.OwnPostgres
	redis      *harness.RedisGroup
}

// settings are an operator's who wants no client to notice a replacement.
func settings(sentinels string) map[string]string {
	return map[string]string{
		"USHER_REDIS_ADDRS": sentinels, "USHER_REDIS_MASTER_NAME": harness.RedisMaster,
		// Longer than a caller may take to find a replica that came back: see docs/resilience.md.
		"USHER_DRAIN_TIME":                 "2s",
		"USHER_TOKEN_REFRESH_RETRY_WINDOW": "10s",
		// Everybody comes from one address here.
		"USHER_IDENTITY_SOURCE_ATTEMPTS": "1000", "USHER_AUTHZ_USER_REQUESTS": "0",
	}
}

// startFleet starts everything in dir.
func startFleet(ctx context.Context, dir string) (*fleet, error) {
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return nil, err
	}
	bins, err := harness.Build(bin, false) // what is raced here are processes
	if err != nil {
		return nil, err
	}
	f := &fleet{}
	if f.postgres, err = harness.StartOwnPostgres(ctx, dir); err != nil {
		return nil, err
	}
	if f.redis, err = harness.StartRedisGroup(ctx, dir); err != nil {
		return nil, errors.Join(err, f.postgres.Close())
	}
	servers := harness.Servers{Databases: f.postgres.Databases}
	if f.deployment, err = harness.Replicated(bins, dir, servers, 2, settings(f.redis.Sentinels())); err != nil {
		return nil, errors.Join(err, f.redis.Close(), f.postgres.Close())
	}
	return f, f.deployment.Authority().Issue(resourceServer)
}

// close ends everything, and holds the logs against the secrets that browsers saw.
func (f *fleet) close() error {
	return errors.Join(f.deployment.Close(), f.redis.Close(), f.postgres.Close())
}
