package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const (
	// lockProbe is the interval of the retries for the migration lock, in seconds.
	lockProbe = 1
	// schemaWait is the lock timeout for a table: every other statement on it queues behind the
	// migration meanwhile.
	schemaWait = time.Second
	// schemaTries is the number of attempts of a step whose table is in use, and schemaPause the
	// pause between them, in which other statements proceed.
	schemaTries = 60
	schemaPause = 2 * time.Second
	// lockProbes is the number of retries before it gives up.
	lockProbes = 300
)

func (*postgres) dialect() goose.Dialect { return goose.DialectPostgres }

// openSchema uses connections outside the pool: prepared statements of the pool's connections do not
// survive a change of the schema. The timeout is set after connecting: PgBouncer refuses startup
// parameters that it does not support.
func (p *postgres) openSchema() (*sql.DB, func() error) {
	config := p.pool.Config().ConnConfig // a copy
	db := stdlib.OpenDB(*config, stdlib.OptionBeforeConnect(p.login.before), stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, fmt.Sprintf(`SET lock_timeout = %d`, schemaWait.Milliseconds()))
		return err
	}))
	return db, db.Close
}

func (*postgres) lockSchema(ctx context.Context, db *sql.DB) (func() error, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, postgresError(err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockProbe, lockProbes))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err := locker.SessionLock(ctx, conn); err != nil {
		return nil, errors.Join(postgresError(err), conn.Close())
	}
	// The lock ends with its session at the latest.
	return func() error {
		return errors.Join(locker.SessionUnlock(context.WithoutCancel(ctx), conn), conn.Close())
	}, nil
}

func (*postgres) tableExists(table string) string {
	return fmt.Sprintf(`SELECT to_regclass('%s') IS NOT NULL`, table)
}

func (*sqliteDB) dialect() goose.Dialect { return goose.DialectSQLite3 }

func (s *sqliteDB) openSchema() (*sql.DB, func() error) {
	return s.writer, func() error { return nil }
}

// lockSchema does nothing: a file belongs to one process.
func (*sqliteDB) lockSchema(context.Context, *sql.DB) (func() error, error) {
	return func() error { return nil }, nil
}

func (*sqliteDB) tableExists(table string) string {
	return fmt.Sprintf(`SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = '%s'`, table)
}
