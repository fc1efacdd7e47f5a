package sqldb

import (
	"context"
	"errors"
	"fmt"
)

// The errors that callers tell apart, on both engines alike. What the driver said stays in the chain for the log. The
// caller's own context.Canceled is none of them and is passed on.
var (
	// ErrNotFound says that Row.Scan had no row.
	ErrNotFound = errors.New("no such row")
	// ErrConflict says that a unique constraint refused the statement.
	ErrConflict = errors.New("unique constraint violated")
	// ErrUnavailable says that the database could not be asked, or could not answer in time: try again later. What the
	// statement was to do may or may not have happened when the connection broke while a commit was on its way.
	ErrUnavailable = errors.New("database unavailable")
)

// kind is what an engine's error means to a caller.
type kind int

const (
	other kind = iota
	notFound
	conflict
	unavailable
	// contended is a transaction that lost against another one: the same again may well succeed.
	contended
)

// translate puts the sentinel for k in front of what the driver said. A cancelled caller hears of that alone.
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
