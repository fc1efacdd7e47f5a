// Package pool has the state of a pool of connections, which the clients of the stores report and
// telemetry shows. It owns no pool.
package pool

import "time"

// Stats is a snapshot of a pool of connections.
type Stats struct {
	// Max is the most connections allowed; 0 if that is not one number, as with a Redis Cluster,
	// where each node has its own limit.
	Max, InUse, Idle int
	// Waits counts the calls that found no free connection, and Waited is the total time they
	// waited.
	Waits  int64
	Waited time.Duration
}
