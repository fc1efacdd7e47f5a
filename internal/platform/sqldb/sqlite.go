package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

const (
	// readers is the size of SQLite's pool for reading.
	readers = 4
	// pragmas apply to every connection. FULL syncs each commit: single use and revocation must
	// survive a power cut. The busy timeout concerns other processes; within ours, writes queue for
	// the one writer.
	pragmas = "?_pragma=busy_timeout(1000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
)

// sqliteDB is an engine over one file: a single connection that writes and a few that cannot.
type sqliteDB struct {
	timeouts

	writer, reader *sql.DB
}

func openSQLite(ctx context.Context, path string, bounds timeouts) (*sqliteDB, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("the path of a file is needed")
	}
	if err := createPrivately(path); err != nil {
		return nil, err
	}
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + pragmas
	db := &sqliteDB{timeouts: bounds}
	var err error
	if db.writer, err = sqlitePool(name+"&_txlock=immediate", 1); err != nil {
		return nil, err
	}
	if db.reader, err = sqlitePool(name+"&_pragma=query_only(1)", readers); err != nil {
		return nil, err
	}
	if err := db.ping(ctx); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

func sqlitePool(name string, conns int) (*sql.DB, error) {
	c, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, fmt.Errorf("the path is not usable: %w", err)
	}
	pool := sql.OpenDB(c)
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

// createPrivately ensures that the file exists with mode 0600. SQLite gives its companion files the
// same mode.
func createPrivately(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// acquire takes the writer or a reader; its timeout is shorter than the caller's.
func (s *sqliteDB) acquire(ctx context.Context, pool *sql.DB) (*sql.Conn, error) {
	short, cancel := context.WithTimeout(ctx, s.timeouts.acquire)
	defer cancel()
	conn, err := pool.Conn(short)
	if err != nil {
		return nil, translate(err, unavailable)
	}
	return conn, nil
}

func (s *sqliteDB) exec(ctx context.Context, text string, args []any) (int64, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	conn, err := s.acquire(ctx, s.writer)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }() // returns to the pool, or is broken already
	return sqliteExec(ctx, conn, text, args)
}

func (s *sqliteDB) query(ctx context.Context, text string, args []any) (Rows, error) {
	ctx, cancel := s.bounded(ctx)
	conn, err := s.acquire(ctx, s.reader)
	if err != nil {
		cancel()
		return nil, err
	}
	done := func() {
		_ = conn.Close() // returns to the pool, or is broken already
		cancel()
	}
	rows, err := conn.QueryContext(ctx, text, args...) //nolint:rowserrcheck // the caller reads the rows and their Err
	if err != nil {
		done()
		return nil, sqliteError(err)
	}
	return &sqliteRows{rows: rows, done: done}, nil
}

// begin takes the write lock with the transaction. The transaction does not end with the caller's
// context, since database/sql would roll it back concurrently; each statement checks the context
// instead.
func (s *sqliteDB) begin(ctx context.Context) (transaction, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	conn, err := s.acquire(ctx, s.writer)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		_ = conn.Close() // returns to the pool, or is broken already
		return nil, sqliteError(err)
	}
	return &sqliteTx{tx: tx, conn: conn}, nil
}

func (s *sqliteDB) pipeline(ctx context.Context, statements []*Statement) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.rollback()
	if err := (&Tx{tx}).Run(ctx, statements...); err != nil {
		return err
	}
	return tx.commit(ctx)
}

func (s *sqliteDB) ping(ctx context.Context) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	for _, pool := range []*sql.DB{s.writer, s.reader} {
		conn, err := s.acquire(ctx, pool)
		if err != nil {
			return err
		}
		_, err = conn.ExecContext(ctx, `SELECT count(*) FROM sqlite_master`)
		_ = conn.Close() // returns to the pool, or is broken already
		if err != nil {
			return sqliteError(err)
		}
	}
	return nil
}

func (s *sqliteDB) contended(err error) bool { return sqliteKind(err) == contended }

// close closes the readers first: the last connection to close checkpoints the write-ahead log into
// the file.
func (s *sqliteDB) close() error { return errors.Join(s.reader.Close(), s.writer.Close()) }
