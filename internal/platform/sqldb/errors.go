package sqldb

import (
	"context"
	"errors"
	"fmt"
)

// The errors that callers distinguish, the same for both engines. The driver's error stays in the
// chain for the log. The caller's own context.Canceled is returned as it is.
var (
	// ErrNotFound is returned by Row.Scan when there is no row.
	ErrNotFound = errors.New("no such row")
	// ErrConflict is a violation of a unique constraint.
	ErrConflict = errors.New("unique constraint violated")
	// ErrUnavailable means that the database was not reached or did not respond in time: retry
	// later. If the connection broke during a commit, the statement may or may not have taken
	// effect.
	ErrUnavailable = errors.New("database unavailable")
)

// kind is the meaning of an engine's error for a caller.
type kind int

const (
	other kind = iota
	notFound
	conflict
	unavailable
	// contended is a transaction that lost against a concurrent one: a retry is likely to succeed.
	contended
)

// translate wraps the driver's error in the sentinel for k. A cancelled caller gets its own
// context's error only.
func translate(err error, k kind) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrConflict), errors.Is(err, ErrUnavailable):
		return err
	case k == notFound:
		return ErrNotFound
	case k == conflict:
		return fmt.Errorf("%w: %w", ErrConflict, err)
	case errors.Is(err, context.Canceled):
		return err
	case k == unavailable, k == contended, errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	default:
		return err
	}
}
