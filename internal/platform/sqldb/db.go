package sqldb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/vidocu/usher/internal/platform/pool"
	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	// statementTimeout bounds a call whose context has no deadline.
	statementTimeout = 5 * time.Second
	// acquireTimeout bounds the wait for a connection, so that callers fail quickly in an outage. It is
	// the default of Config.AcquireTimeout.
	acquireTimeout = 3 * time.Second
	// defaultMaxConns is sufficient: a connection is idle for most of a request.
	defaultMaxConns = 8
)

// Engine is the kind of a database.
type Engine string

// The engines. Each is also the name of its folder of migrations.
const (
	Postgres Engine = "postgres"
	SQLite   Engine = "sqlite"
)

// Config configures a database.
type Config struct {
	// URL is "postgres://…" in the form of PostgreSQL's client library, or "sqlite:" and the path
	// of a file, which is created with its directory when it is missing. Every new connection to
	// PostgreSQL reads it again, so that password, role and server may change at run time; the
	// pool's settings are read once.
	URL secret.String
	// MaxConns is the most connections to PostgreSQL at once; 0 is 8. SQLite always has one writer
	// and four readers.
	MaxConns int
	// AcquireTimeout bounds the wait for a connection; 0 is 3 s. It is for tests with many concurrent
	// callers, in which only a hang may reach it, and raises the timeout of a call without a deadline
	// by as much.
	AcquireTimeout time.Duration
	// ClockOffset is added to the database's clock wherever {{now}} stands. It is for tests.
	ClockOffset time.Duration
	// Tracer creates a span for each statement within a trace; nil disables them. SQLite has none.
	Tracer trace.TracerProvider
}

// engine is implemented for each kind of database. Its errors are translated already.
type engine interface {
	migrator
	exec(ctx context.Context, text string, args []any) (int64, error)
	query(ctx context.Context, text string, args []any) (Rows, error)
	begin(ctx context.Context) (transaction, error)
	pipeline(ctx context.Context, statements []*Statement) error
	execOutsideTx(ctx context.Context, text string, wait time.Duration) error
	// tryLeaderLock returns nil when another process holds the lock.
	tryLeaderLock(ctx context.Context, name string) (leaderSession, error)
	ping(ctx context.Context) error
	// contended reports whether err ended a transaction that may succeed when it is retried.
	contended(err error) bool
	stats() pool.Stats
	close() error
}

// Row is the first row of a query's result, or its absence. Scan must be called, once.
type Row interface {
	// Scan copies the columns. ErrNotFound when there is no row.
	Scan(dest ...any) error
}

// Rows is a query's result. Close must be called; calling it twice is fine. Err holds what ended
// Next early.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// DB is a database. Its methods may be called concurrently.
type DB struct {
	kind         Engine
	engine       engine
	placeholders *strings.Replacer
}

// Open prepares a database. PostgreSQL need not be up: connections are made on demand, and Ping
// reports whether they can be. SQLite's file is opened, or created, immediately.
func Open(ctx context.Context, c Config) (*DB, error) {
	url := c.URL.Reveal()
	if c.MaxConns <= 0 {
		c.MaxConns = defaultMaxConns
	}
	if c.AcquireTimeout <= 0 {
		c.AcquireTimeout = acquireTimeout
	}
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		e, err := openSQLite(ctx, path, timeouts{acquire: c.AcquireTimeout})
		if err != nil {
			return nil, fmt.Errorf("opening the SQLite database: %w", err)
		}
		return &DB{kind: SQLite, engine: e, placeholders: sqlitePlaceholders(offset(c.ClockOffset))}, nil
	}
	if isPostgres(url) {
		e, err := openPostgres(ctx, c)
		if err != nil {
			return nil, err
		}
		return &DB{kind: Postgres, engine: e, placeholders: postgresPlaceholders(offset(c.ClockOffset))}, nil
	}
	return nil, errUnknownURL
}

// Validate reports a URL that Open would refuse. It connects to nothing and creates nothing.
func (c Config) Validate() error {
	url := c.URL.Reveal()
	if strings.HasPrefix(url, "sqlite:") {
		return nil
	}
	if !isPostgres(url) {
		return errUnknownURL
	}
	_, err := parsePostgres(url)
	return err
}

// errUnknownURL lists the schemes of a URL.
var errUnknownURL = errors.New(`the database URL begins neither with "postgres://" nor with "sqlite:"`)

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// WithClock returns the same database with its clock moved by the microseconds in a table of one
// row and one BIGINT column. It is for tests that move time while a store is in use.
func (db *DB) WithClock(table string) *DB {
	shift, moved := " + (SELECT * FROM "+table+")", *db
	if moved.placeholders = postgresPlaceholders(shift); db.kind == SQLite {
		moved.placeholders = sqlitePlaceholders(shift)
	}
	return &moved
}

// Engine returns the kind of this database.
func (db *DB) Engine() Engine { return db.kind }

// SQL replaces the placeholders for expressions that differ between engines. A store calls it once
// for each statement, when the store is created:
//
//	{{now}}         the database's clock plus Config.ClockOffset, microseconds since 1970, a BIGINT.
//	                Stable within a statement, so that PostgreSQL prunes partitions by it; SQLite
//	                counts milliseconds
//	{{for update}}  FOR UPDATE on PostgreSQL, nothing on SQLite, whose transactions hold the one
//	                write lock
//	{{for share}}   FOR SHARE, likewise
//	{{skip locked}} FOR UPDATE SKIP LOCKED, likewise
func (db *DB) SQL(text string) string { return db.placeholders.Replace(text) }

// Exec runs one statement in a transaction of its own and returns the number of rows it inserted,
// updated or deleted.
func (db *DB) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	var n int64
	err := db.retry(ctx, func() (err error) {
		n, err = db.engine.exec(ctx, text, args)
		return err
	})
	return n, err
}

// Query reads rows. SQLite refuses statements that write here. The rows hold a connection until
// they are closed.
func (db *DB) Query(ctx context.Context, text string, args ...any) (Rows, error) {
	return db.engine.query(ctx, text, args)
}

// QueryRow reads at most one row. Like Query, it is for reading only. Errors are returned by Scan.
func (db *DB) QueryRow(ctx context.Context, text string, args ...any) Row {
	rows, err := db.engine.query(ctx, text, args)
	return row{rows, err}
}

// ExecOutsideTx runs one statement that PostgreSQL refuses within a transaction. It returns
// ErrUnavailable if it does not get a lock within the timeout wait.
func (db *DB) ExecOutsideTx(ctx context.Context, wait time.Duration, text string) error {
	return db.engine.execOutsideTx(ctx, text, wait)
}

// Ping checks that the database can be read and written.
func (db *DB) Ping(ctx context.Context) error { return db.engine.ping(ctx) }

// Close waits for the calls in progress and closes all connections. Later calls return
// ErrUnavailable.
func (db *DB) Close() error { return db.engine.close() }

// timeouts bound the calls of an engine.
type timeouts struct{ acquire time.Duration }

// bounded adds the default timeout of a call that waits for a connection too to a context without a
// deadline.
func (t timeouts) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return withDefault(ctx, t.acquire-acquireTimeout+statementTimeout)
}

// bounded adds the default timeout of a statement to a context without a deadline.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return withDefault(ctx, statementTimeout)
}

func withDefault(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
}
