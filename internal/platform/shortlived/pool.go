package shortlived

import (
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vidocu/usher/internal/platform/pool"
)

// Pool returns the state of the connections. It sends nothing to Redis.
func (r *Redis) Pool() pool.Stats {
	s := r.client.PoolStats()
	p := pool.Stats{
		InUse: int(s.TotalConns) - int(s.IdleConns), Idle: int(s.IdleConns),
		Waits: int64(s.WaitCount) + int64(s.Timeouts), Waited: time.Duration(s.WaitDurationNs),
	}
	if one, ok := r.client.(*redis.Client); ok {
		p.Max = one.Options().PoolSize
	}
	return p
}
