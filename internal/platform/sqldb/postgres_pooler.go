package sqldb

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrSharedSessions means that a pooler between us and PostgreSQL gives one session to several
// clients in turn.
var ErrSharedSessions = errors.New("the database URL leads to a pooler that shares sessions between clients (PgBouncer's pool_mode transaction or statement): " +
	"Usher needs sessions of its own, for prepared statements and advisory locks; set pool_mode = session for this database, or give the server's own address")

// poolerRounds is how often two connections are compared: concurrent clients of the pooler may hide
// the sharing once.
const poolerRounds = 3

// CheckSessions returns ErrSharedSessions where connections do not keep their session. Without a
// pooler it costs one query.
func (db *DB) CheckSessions(ctx context.Context) error {
	p, ok := db.engine.(*postgres)
	if !ok {
		return nil
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	first, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer first.Release()
	conn := first.Conn().PgConn()
	pid, err := backend(ctx, conn)
	if err != nil || pid == conn.PID() || p.pool.Config().MaxConns < 2 { // a single connection cannot be compared
		return postgresError(err)
	}
	second, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer second.Release()
	for range poolerRounds {
		if err := compare(ctx, conn, second.Conn().PgConn()); err != nil {
			return postgresError(err)
		}
	}
	return nil
}

// compare keeps one connection's session busy while the other is idle: their sessions must differ,
// and stay the same.
func compare(ctx context.Context, idle, busy *pgconn.PgConn) (err error) {
	before, err := backend(ctx, idle)
	if err != nil {
		return err
	}
	if err := run(ctx, busy, "BEGIN"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run(ctx, busy, "ROLLBACK")) }()
	during, err := backend(ctx, busy)
	if err != nil {
		return err
	}
	if during == before {
		return ErrSharedSessions // the pooler may have no other session: another query could block forever
	}
	after, err := backend(ctx, idle)
	if err == nil && after != before {
		err = ErrSharedSessions
	}
	return err
}

// backend returns the id of the process that serves a connection. It uses no prepared statements,
// which a pooler may confuse.
func backend(ctx context.Context, conn *pgconn.PgConn) (uint32, error) {
	results, err := conn.Exec(ctx, "SELECT pg_backend_pid()").ReadAll()
	if err != nil {
		return 0, err
	}
	pid, err := strconv.ParseUint(string(results[0].Rows[0][0]), 10, 32)
	return uint32(pid), err
}

func run(ctx context.Context, conn *pgconn.PgConn, text string) error {
	_, err := conn.Exec(ctx, text).ReadAll()
	return err
}
