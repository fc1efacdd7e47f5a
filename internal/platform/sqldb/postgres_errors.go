package sqldb

import (
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// postgresError translates what pgx returned.
func postgresError(err error) error {
	if err == nil {
		return nil
	}
	return translate(err, postgresKind(err))
}

func postgresKind(err error) kind {
	if errors.Is(err, pgx.ErrNoRows) {
		return notFound
	}
	if errors.Is(err, errReadOnly) {
		return unavailable
	}
	// A refused login is a server error (PgError) inside a failed connection, so this check goes
	// first.
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return unavailable
	}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return postgresState(server.Code)
	}
	var network net.Error
	if errors.As(err, &network) || pgconn.Timeout(err) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return unavailable
	}
	return other
}

// postgresState reads an SQLSTATE (PostgreSQL documentation, appendix A).
func postgresState(code string) kind {
	switch code {
	case "23505": // unique_violation
		return conflict
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return contended
	case "57014", "55P03", // query_canceled (a timeout, as we cancel by closing), lock_not_available
		"57P01", "57P02", "57P03", "57P04", "57P05", // the server shuts down, crashed, starts, or drops us
		readOnlyTransaction, "25P03", "25P04": // a standby that cannot write, idle-in-transaction and transaction timeouts
		return unavailable
	}
	for _, class := range []string{"08", "53", "58"} { // connection, resources, the system below
		if strings.HasPrefix(code, class) {
			return unavailable
		}
	}
	return other
}
