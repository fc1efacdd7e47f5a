package sqldb

import (
	"database/sql"
	"time"
)

// Pool is the connections of a database at this moment.
type Pool struct {
	// Max is how many there may be. SQLite's writer and readers are counted together.
	Max, InUse, Idle int
	// Waits is how often a caller found none free, and Waited for how long all of them waited.
	Waits  int64
	Waited time.Duration
}

// Pool says how the connections are used. It asks nothing of the database.
func (db *DB) Pool() Pool { return db.engine.stats() }

func (p *postgres) stats() Pool {
	s := p.pool.Stat()
	return Pool{
		Max: int(s.MaxConns()), InUse: int(s.AcquiredConns()), Idle: int(s.IdleConns()),
		Waits: s.EmptyAcquireCount() + s.CanceledAcquireCount(), Waited: s.EmptyAcquireWaitTime(),
	}
}

func (s *sqliteDB) stats() (p Pool) {
	for _, pool := range []*sql.DB{s.writer, s.reader} {
		stats := pool.Stats()
		p.Max += stats.MaxOpenConnections
		p.InUse += stats.InUse
		p.Idle += stats.Idle
		p.Waits += stats.WaitCount
		p.Waited += stats.WaitDuration
	}
	return p
}
