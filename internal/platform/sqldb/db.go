package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Engine is the kind of database.
type Engine int

// The engines.
const (
	Postgres Engine = iota + 1
	SQLite
)

// Config says which database to open.
type Config struct {
	// URL is postgres://… or sqlite:<path>.
	URL secret.String
	// MaxConns bounds the connections to PostgreSQL; 0 is 8.
	MaxConns int
	// ClockOffset moves the database's clock as {{now}} tells it, for tests.
	ClockOffset time.Duration
}

// DB is an open database. Its methods may be called concurrently.
type DB struct {
	engine Engine
	marks  *strings.Replacer
	pool   *pgxpool.Pool // PostgreSQL
	writer *sql.DB       // SQLite: one connection
	reader *sql.DB       // SQLite
}

// acquireLimit is how long a statement waits for the database before it is unavailable: an outage answers quickly.
const acquireLimit = 2 * time.Second

// Open opens the database. It does not insist that the server answers: what asks first finds out.
func Open(ctx context.Context, config Config) (*DB, error) {
	url := config.URL.Reveal()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return openSQLite(ctx, path, config)
	}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return openPostgres(ctx, config)
	}
	return nil, errors.New("database URL must begin with postgres:// or sqlite:")
}

// Engine tells the kind of database.
func (db *DB) Engine() Engine { return db.engine }

// SQL fills in the marks of a text: {{now}} is the database's clock in microseconds since 1970, {{for update}} and
// {{for share}} lock the rows read (SQLite has one writer and needs neither). Expand once, at the start.
func (db *DB) SQL(text string) string { return db.marks.Replace(text) }

func marks(now, forUpdate, forShare string, offset time.Duration) *strings.Replacer {
	if offset != 0 {
		now = fmt.Sprintf("(%s + %d)", now, offset.Microseconds())
	}
	return strings.NewReplacer("{{now}}", now, "{{for update}}", forUpdate, "{{for share}}", forShare)
}

// Rows is the answer of a query. Close it.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// Row is the first row of an answer. Scan answers ErrNotFound when there is none.
type Row interface {
	Scan(dest ...any) error
}

// Exec runs a statement by itself and answers how many rows it touched.
func (db *DB) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if db.engine == Postgres {
		tag, err := db.pool.Exec(ctx, text, args...)
		return tag.RowsAffected(), unavailableIfRetry(classify(ctx, err))
	}
	res, err := db.writer.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, unavailableIfRetry(classify(ctx, err))
	}
	return res.RowsAffected()
}

// Query reads rows.
func (db *DB) Query(ctx context.Context, text string, args ...any) (Rows, error) {
	if db.engine == Postgres {
		ctx, cancel := bounded(ctx)
		rows, err := db.pool.Query(ctx, text, args...)
		if err != nil {
			cancel()
			return nil, unavailableIfRetry(classify(ctx, err))
		}
		return &pgRows{Rows: rows, ctx: ctx, cancel: cancel}, nil
	}
	rows, err := db.reader.QueryContext(ctx, text, args...) //nolint:rowserrcheck,sqlclosecheck // the caller does both
	if err != nil {
		return nil, unavailableIfRetry(classify(ctx, err))
	}
	return &liteRows{rows: rows, ctx: ctx}, nil
}

// QueryRow reads one row.
func (db *DB) QueryRow(ctx context.Context, text string, args ...any) Row {
	if db.engine == Postgres {
		return pgPoolRow{pool: db.pool, ctx: ctx, text: text, args: args}
	}
	return liteRow{row: db.reader.QueryRowContext(ctx, text, args...), ctx: ctx}
}

// Ping asks the database for an answer.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	return db.QueryRow(ctx, `SELECT 1`).Scan(&one)
}

// Close ends every connection.
func (db *DB) Close() error {
	if db.engine == Postgres {
		db.pool.Close()
		return nil
	}
	return errors.Join(db.reader.Close(), db.writer.Close())
}

// bounded gives a statement without a deadline one, and lets none wait longer than statementLimit.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, statementLimit)
}

// statementLimit bounds a statement with the wait for a connection. Ours take milliseconds.
const statementLimit = 5 * time.Second

// unavailableIfRetry is for statements that are not run again: who lost against another may come back.
func unavailableIfRetry(err error) error {
	if errors.Is(err, errRetry) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}
