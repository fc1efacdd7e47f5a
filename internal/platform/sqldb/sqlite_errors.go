package sqldb

import (
	"database/sql"
	"errors"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// sqliteError translates an error of the driver or of database/sql.
func sqliteError(err error) error {
	if err == nil {
		return nil
	}
	return translate(err, sqliteKind(err))
}

func sqliteKind(err error) kind {
	if errors.Is(err, sql.ErrNoRows) {
		return notFound
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return other
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return conflict
	}
	switch e.Code() & 0xff { // the primary code; the rest is the extended code
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return contended
	case lib.SQLITE_IOERR, lib.SQLITE_FULL, lib.SQLITE_CANTOPEN, lib.SQLITE_NOMEM, lib.SQLITE_PROTOCOL, lib.SQLITE_INTERRUPT:
		return unavailable
	}
	return other
}
