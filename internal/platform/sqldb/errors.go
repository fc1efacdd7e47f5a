package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What a database can answer besides rows. Any other failure is a fault of ours: a text or a schema that is wrong.
var (
	// ErrNotFound is a Row without a row.
	ErrNotFound = errors.New("no such row")
	// ErrConflict is a unique violation that the statement did not provide for.
	ErrConflict = errors.New("row exists already")
	// ErrUnavailable is a database that cannot be asked now: nothing was changed, or it is not known whether it was.
	ErrUnavailable = errors.New("database is unavailable")
)

// retryable is a transaction that lost against another and may be run again.
var errRetry = errors.New("transaction must be run again")

// classify names a driver's error. The driver's own text stays inside for the log of who wraps it; addresses and
// passwords are not in it (pgx redacts them).
func classify(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows), errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	if kind := kindOf(err); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return err
}

func kindOf(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return kindOfState(pg.Code)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return kindOfLite(lite.Code())
	}
	var network net.Error
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &network), errors.As(err, &connect), errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed):
		return ErrUnavailable
	case pgconn.Timeout(err), errors.Is(err, sql.ErrConnDone), strings.Contains(err.Error(), "closed pool"),
		strings.Contains(err.Error(), "conn closed"), strings.Contains(err.Error(), "unexpected EOF"):
		return ErrUnavailable
	}
	return nil
}

// kindOfState reads a PostgreSQL SQLSTATE.
func kindOfState(code string) error {
	switch {
	case code == "23505":
		return ErrConflict
	case code == "40001", code == "40P01":
		return errRetry
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "57"), strings.HasPrefix(code, "53"), code == "25006", code == "55000", code == "3D000":
		return ErrUnavailable
	}
	return nil
}

func kindOfLite(code int) error {
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return errRetry
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT:
		return ErrUnavailable
	case sqlite3.SQLITE_CONSTRAINT:
		if code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
			return ErrConflict
		}
	}
	return nil
}
