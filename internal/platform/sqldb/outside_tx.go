package sqldb

import (
	"context"
	"fmt"
	"time"
)

// execOutsideTx runs a statement that PostgreSQL refuses within a transaction. The lock timeout is
// a setting of the session, and is reset before the connection returns to the pool.
func (p *postgres) execOutsideTx(ctx context.Context, text string, wait time.Duration) error {
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
		_ = conn.Conn().Close(ctx) // the pool opens a new one
	}
	return postgresError(err)
}

func (s *sqliteDB) execOutsideTx(ctx context.Context, text string, _ time.Duration) error {
	_, err := s.exec(ctx, text, nil)
	return err
}
