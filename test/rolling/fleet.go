package rolling

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/vidocu/usher/test/harness"
)

// fleet is two replicas of every service, and the servers below them.
type fleet struct {
	deployment *harness.Deployment
	postgres   *harness.OwnPostgres
	redis      *harness.RedisGroup
}

// settings returns the settings of an operator who replaces processes without failures.
func settings(sentinels string) map[string]string {
	return map[string]string{
		"USHER_REDIS_ADDRS": sentinels, "USHER_REDIS_MASTER_NAME": harness.RedisMaster,
		// Longer than a caller takes to find a restarted replica: see docs/resilience.md.
		"USHER_DRAIN_TIME":                 "2s",
		"USHER_TOKEN_REFRESH_RETRY_WINDOW": "10s",
		// A client does in minutes here what others do in months.
		"USHER_TOKEN_REFRESH_LIMIT": "0", "USHER_TOKEN_GRANT_LIMIT": "0",
		// All clients have one address here.
		"USHER_IDENTITY_SOURCE_ATTEMPTS": "1000", "USHER_AUTHZ_USER_REQUESTS": "0", "USHER_IDENTITY_ACCOUNT_SIGN_INS": "0", "USHER_AUTHZ_ANONYMOUS_REQUESTS": "0",
	}
}

// startFleet starts everything in dir.
func startFleet(ctx context.Context, dir string) (*fleet, error) {
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return nil, err
	}
	bins, err := harness.Build(bin) // the tests race processes, not goroutines
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

// close stops everything, and searches the logs for the secrets that browsers received.
func (f *fleet) close() error {
	return errors.Join(f.deployment.Close(), f.redis.Close(), f.postgres.Close())
}
