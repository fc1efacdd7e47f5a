package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqliteNow has microsecond precision: julianday keeps about 40 µs, which is enough for lifetimes of seconds, and
// unlike strftime it needs no text.
const sqliteNow = `CAST(unixepoch('subsec') * 1000000 AS INTEGER)`

// sqliteReaders is how many connections read beside the one that writes.
const sqliteReaders = 4

func openSQLite(ctx context.Context, path string, config Config) (*DB, error) {
	if path == "" {
		return nil, errors.New("database URL sqlite: needs a path")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the database's folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making the database file: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("making the database file: %w", err)
	}
	// FULL makes a commit durable before it returns: single use and revocation must survive a power cut.
	writer, err := openLite(path, url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}})
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", filepath.Base(path), err), writer.Close())
	}
	reader, err := openLite(path, url.Values{"_pragma": {"busy_timeout(5000)", "query_only(1)"}})
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader.SetMaxOpenConns(sqliteReaders)
	return &DB{engine: SQLite, writer: writer, reader: reader, marks: marks(sqliteNow, "", "", config.ClockOffset)}, nil
}

func openLite(path string, options url.Values) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", filepath.Base(path), err)
	}
	return db, nil
}

// liteRows is an answer of SQLite.
type liteRows struct {
	rows *sql.Rows
	ctx  context.Context //nolint:containedctx // names the caller's cancellation in Err
}

func (r *liteRows) Next() bool             { return r.rows.Next() }
func (r *liteRows) Scan(dest ...any) error { return r.rows.Scan(dest...) }
func (r *liteRows) Err() error             { return unavailableIfRetry(classify(r.ctx, r.rows.Err())) }
func (r *liteRows) Close()                 { _ = r.rows.Close() } // Err has told what went wrong

// liteRow is one row of SQLite.
type liteRow struct {
	row *sql.Row
	ctx context.Context //nolint:containedctx // lives from QueryRow to Scan
}

func (r liteRow) Scan(dest ...any) error { return classify(r.ctx, r.row.Scan(dest...)) }

// pipelineSQLite runs all statements in one transaction.
func (db *DB) pipelineSQLite(ctx context.Context, statements []*Statement) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after the commit
	for _, s := range statements {
		if err := s.runSQLite(ctx, tx); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (s *Statement) runSQLite(ctx context.Context, tx *sql.Tx) error {
	if s.dest == nil {
		res, err := tx.ExecContext(ctx, s.text, s.args...)
		if err != nil {
			return err
		}
		s.affected, err = res.RowsAffected()
		return err
	}
	err := tx.QueryRowContext(ctx, s.text, s.args...).Scan(s.dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	s.found = err == nil
	return err
}
