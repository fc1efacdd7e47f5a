package shortlived

import (
	"time"

	"github.com/redis/go-redis/v9"
)

// Pool is the connections to Redis at this moment.
type Pool struct {
	// Max is how many there may be; 0 with a Cluster, where each node has its own.
	Max, InUse, Idle int
	// Waits is how often a caller found none free, and Waited for how long all of them waited.
	Waits  int64
	Waited time.Duration
}

// Pool says how the connections are used. It asks nothing of Redis.
func (r *Redis) Pool() Pool {
	s := r.client.PoolStats()
	p := Pool{
		InUse: int(s.TotalConns) - int(s.IdleConns), Idle: int(s.IdleConns),
		Waits: int64(s.WaitCount) + int64(s.Timeouts), Waited: time.Duration(s.WaitDurationNs),
	}
	if one, ok := r.client.(*redis.Client); ok {
		p.Max = one.Options().PoolSize
	}
	return p
}
