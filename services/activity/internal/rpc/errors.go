package rpc

import (
	"errors"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/activity/internal/access"
)

// toStatus maps a domain error to a gRPC status. An error that is not listed here passes through:
// an error of a service that was called keeps its reason.
func toStatus(err error) error {
	switch {
	case errors.Is(err, sqldb.ErrUnavailable):
		return oerr.Unavailable(err)
	case errors.Is(err, access.ErrNotFound):
		return oerr.New(errorv1.Reason_REASON_NOT_FOUND, "there is no such object")
	}
	return err
}
