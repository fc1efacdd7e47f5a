package sqldb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	// statementTimeout bounds a call whose context has no deadline.
	statementTimeout = 5 * time.Second
	// acquireTimeout bounds the wait for a connection, so that an outage or a jam is answered quickly.
	acquireTimeout = 3 * time.Second
	// defaultMaxConns is enough: a connection spends most of a request idle.
	defaultMaxConns = 8
)

// Engine is the kind of a database.
type Engine string

// The engines. Each is also the name of its folder of migrations.
const (
	Postgres Engine = "postgres"
	SQLite   Engine = "sqlite"
)

// Config says which database.
type Config struct {
	// URL is "postgres://…" as PostgreSQL's client library has it, or "sqlite:" and the path of a file, which is created
	// with its directory when it is missing. Every new connection to PostgreSQL reads it anew, so that password, role and
	// server may change; the settings of the pool are those of the beginning.
	URL secret.String
	// MaxConns is the most connections to PostgreSQL at once; 0 is 8. SQLite always has one writer and four readers.
	MaxConns int
	// ClockOffset is added to the database's clock wherever {{now}} stands. It is for tests.
	ClockOffset time.Duration
	// Tracer makes a span of each statement within a trace; nil makes none. SQLite has none.
	Tracer trace.TracerProvider
}

// engine is what an engine does; its errors are translated already.
type engine interface {
	exec(ctx context.Context, text string, args []any) (int64, error)
	query(ctx context.Context, text string, args []any) (Rows, error)
	queryRow(ctx context.Context, text string, args []any) Row
	begin(ctx context.Context) (transaction, error)
	pipeline(ctx context.Context, statements []*Statement) error
	alone(ctx context.Context, text string, wait time.Duration) error
	// lead answers nil when another process leads.
	lead(ctx context.Context, name string) (leadership, error)
	ping(ctx context.Context) error
	// contended says whether err ended a transaction that may succeed when it is run again.
	contended(err error) bool
	migrator() migrator
	stats() Pool
	close() error
}

// Row is the first row of a query's result, or its absence. Scan must be called, once.
type Row interface {
	// Scan copies the columns. ErrNotFound when there is no row.
	Scan(dest ...any) error
}

// Rows is a query's result. Close must be called; calling it twice is fine. Err holds what ended Next early.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// DB is a database. Its methods may be called concurrently.
type DB struct {
	kind   Engine
	engine engine
	words  *strings.Replacer
}

// Open prepares a database. PostgreSQL need not be up: connections are made when they are needed, and Ping tells whether
// they can be. SQLite's file is opened, or created, right away.
func Open(ctx context.Context, c Config) (*DB, error) {
	url := c.URL.Reveal()
	if c.MaxConns <= 0 {
		c.MaxConns = defaultMaxConns
	}
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		e, err := openSQLite(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("opening the SQLite database: %w", err)
		}
		return &DB{kind: SQLite, engine: e, words: sqliteWords(offset(c.ClockOffset))}, nil
	}
	if isPostgres(url) {
		e, err := openPostgres(ctx, c)
		if err != nil {
			return nil, err
		}
		return &DB{kind: Postgres, engine: e, words: postgresWords(offset(c.ClockOffset))}, nil
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

// errUnknownURL says what a URL begins with.
var errUnknownURL = errors.New(`the database URL begins neither with "postgres://" nor with "sqlite:"`)

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// WithClock is the same database, whose clock is moved by the microseconds in a table of one row and one BIGINT column. It is
// for tests that move time under a store's feet.
func (db *DB) WithClock(table string) *DB {
	shift, moved := " + (SELECT * FROM "+table+")", *db
	if moved.words = postgresWords(shift); db.kind == SQLite {
		moved.words = sqliteWords(shift)
	}
	return &moved
}

// Engine says which kind of database this is.
func (db *DB) Engine() Engine { return db.kind }

// SQL fills in the words that differ between engines. Stores do it once for each statement, when they are made:
//
//	{{now}}         the database's clock plus Config.ClockOffset, microseconds since 1970, a BIGINT. Stable within a
//	                statement, so that PostgreSQL prunes partitions by it; SQLite counts milliseconds
//	{{for update}}  FOR UPDATE on PostgreSQL, nothing on SQLite, whose transactions hold the one write lock
//	{{for share}}   FOR SHARE, likewise
//	{{skip locked}} FOR UPDATE SKIP LOCKED, likewise
func (db *DB) SQL(text string) string { return db.words.Replace(text) }

// Exec runs one statement in a transaction of its own and says how many rows it inserted, updated or deleted.
func (db *DB) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	var n int64
	err := db.retry(ctx, func() (err error) {
		n, err = db.engine.exec(ctx, text, args)
		return err
	})
	return n, err
}

// Query reads rows. It is for reading: SQLite refuses a statement here that writes. The rows hold a connection until they
// are closed.
func (db *DB) Query(ctx context.Context, text string, args ...any) (Rows, error) {
	return db.engine.query(ctx, text, args)
}

// QueryRow reads at most one row; for reading, as Query is. Errors come with Scan.
func (db *DB) QueryRow(ctx context.Context, text string, args ...any) Row {
	return db.engine.queryRow(ctx, text, args)
}

// Alone runs one statement outside any transaction, for what PostgreSQL runs in no other way. It gives up, with
// ErrUnavailable, on a lock that it does not get within the wait.
func (db *DB) Alone(ctx context.Context, wait time.Duration, text string) error {
	return db.engine.alone(ctx, text, wait)
}

// Ping asks the database whether it can be read and written.
func (db *DB) Ping(ctx context.Context) error { return db.engine.ping(ctx) }

// Close waits for the calls in progress and closes all connections. Calls after that answer ErrUnavailable.
func (db *DB) Close() error { return db.engine.close() }

// bounded gives a context without a deadline one.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, statementTimeout)
}
