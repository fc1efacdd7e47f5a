package sqldb

import (
	"database/sql"

	"github.com/vidocu/usher/internal/platform/pool"
)

// Pool returns the state of the connections; SQLite's writer and readers are counted together. It sends nothing to the database.
func (db *DB) Pool() pool.Stats { return db.engine.stats() }

func (p *postgres) stats() pool.Stats {
	s := p.pool.Stat()
	return pool.Stats{
		Max: int(s.MaxConns()), InUse: int(s.AcquiredConns()), Idle: int(s.IdleConns()),
		Waits: s.EmptyAcquireCount() + s.CanceledAcquireCount(), Waited: s.EmptyAcquireWaitTime(),
	}
}

func (s *sqliteDB) stats() (p pool.Stats) {
	for _, db := range []*sql.DB{s.writer, s.reader} {
		stats := db.Stats()
		p.Max += stats.MaxOpenConnections
		p.InUse += stats.InUse
		p.Idle += stats.Idle
		p.Waits += stats.WaitCount
		p.Waited += stats.WaitDuration
	}
	return p
}
