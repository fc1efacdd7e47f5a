package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// lead takes the lead with a session, which leaves the pool for as long as it leads. Should its machine die without a
// word, the server notices by keep-alives in half a minute.
func (p *postgres) lead(ctx context.Context, name string) (leadership, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	var got bool
	err = conn.QueryRow(ctx, `
SELECT pg_try_advisory_lock(hashtextextended('usher/' || COALESCE(current_schema(), '') || '/' || $1::text, 0))`, name).Scan(&got)
	if err != nil || !got {
		conn.Release()
		return nil, postgresError(err)
	}
	led := postgresLead{conn.Hijack(), &p.primary}
	_, err = led.conn.Exec(ctx, `
SELECT set_config(name, value, false) FROM (VALUES
    ('tcp_keepalives_idle', '15'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')) AS v(name, value)`)
	if err != nil {
		led.release()
		return nil, postgresError(err)
	}
	return led, nil
}

// postgresLead is the session whose end ends the lead.
type postgresLead struct {
	conn    *pgx.Conn
	primary *primary
}

func (l postgresLead) check(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return l.primary.check(ctx, l.conn.PgConn())
}

func (l postgresLead) release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// A busy server ends a session some time after its client has gone, and its locks with it: another leads as soon as this returns.
	_, _ = l.conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
	_ = l.conn.Close(ctx) // the server ends the session when it hears of it, or misses us
}

// alone runs a statement that must not stand in a transaction. The time limit is the session's, and goes before it is
// given back.
func (p *postgres) alone(ctx context.Context, text string, wait time.Duration) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	raw := conn.Conn().PgConn()
	if _, err := raw.Exec(ctx, fmt.Sprintf(`SET lock_timeout = %d`, wait.Milliseconds())).ReadAll(); err != nil {
		return postgresError(err)
	}
	_, err = raw.Exec(ctx, text).ReadAll()
	if _, reset := raw.Exec(ctx, `RESET lock_timeout`).ReadAll(); reset != nil {
		_ = conn.Conn().Close(ctx) // the pool makes another
	}
	return postgresError(err)
}

// lead is always this process's: a file belongs to one.
func (s *sqliteDB) lead(context.Context, string) (leadership, error) { return sqliteLead{}, nil }

type sqliteLead struct{}

func (sqliteLead) check(context.Context) error { return nil }
func (sqliteLead) release()                    {}

func (s *sqliteDB) alone(ctx context.Context, text string, _ time.Duration) error {
	_, err := s.exec(ctx, text, nil)
	return err
}
