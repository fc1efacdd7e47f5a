package shortlived

import (
	"time"

	"github.com/redis/go-redis/v9"
)

// Pool is a snapshot of the connections to Redis.
type Pool struct {
	// Max is the most connections allowed; 0 with a Cluster, where each node has its own limit.
	Max, InUse, Idle int
	// Waits counts the calls that found no free connection, and Waited is the total time they
	// waited.
	Waits  int64
	Waited time.Duration
}

// Pool returns the state of the connections. It sends nothing to Redis.
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
