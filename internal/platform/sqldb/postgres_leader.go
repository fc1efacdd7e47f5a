package sqldb

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// tryLeaderLock takes an advisory lock in a session that is removed from the pool until the lock is
// released. If this machine disappears, TCP keep-alives end the session within half a minute.
func (p *postgres) tryLeaderLock(ctx context.Context, name string) (leaderSession, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	var locked bool
	err = conn.QueryRow(ctx, `
SELECT pg_try_advisory_lock(hashtextextended('usher/' || COALESCE(current_schema(), '') || '/' || $1::text, 0))`, name).Scan(&locked)
	if err != nil || !locked {
		conn.Release()
		return nil, postgresError(err)
	}
	session := postgresLeader{conn.Hijack(), &p.primary}
	_, err = session.conn.Exec(ctx, `
SELECT set_config(name, value, false) FROM (VALUES
    ('tcp_keepalives_idle', '15'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')) AS v(name, value)`)
	if err != nil {
		session.release()
		return nil, postgresError(err)
	}
	return session, nil
}

// postgresLeader is the session that holds the advisory lock.
type postgresLeader struct {
	conn    *pgx.Conn
	primary *primary
}

func (l postgresLeader) check(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return l.primary.check(ctx, l.conn.PgConn())
}

func (l postgresLeader) release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// A busy server ends a session, and releases its locks, some time after its client has gone:
	// with the unlock another process can be elected as soon as this returns.
	_, _ = l.conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
	_ = l.conn.Close(ctx) // without a clean end, the keep-alives end the session
}

// tryLeaderLock always succeeds: a SQLite file belongs to one process.
func (s *sqliteDB) tryLeaderLock(context.Context, string) (leaderSession, error) {
	return sqliteLeader{}, nil
}

type sqliteLeader struct{}

func (sqliteLeader) check(context.Context) error { return nil }
func (sqliteLeader) release()                    {}
