package sqldb

import (
	"database/sql"
	"time"
)

// Pool is a snapshot of a database's connections.
type Pool struct {
	// Max is the most connections allowed. SQLite's writer and readers are counted together.
	Max, InUse, Idle int
	// Waits counts the calls that found no free connection, and Waited is the total time they
	// waited.
	Waits  int64
	Waited time.Duration
}

// Pool returns the state of the connections. It sends nothing to the database.
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
