package rpc

import (
	"errors"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// fail turns a domain failure into one that crosses the wire. What is not known here passes through: the server's edge
// hides it.
func fail(err error) error {
	if errors.Is(err, sqldb.ErrUnavailable) || errors.Is(err, shortlived.ErrUnavailable) {
		return oerr.Unavailable(err)
	}
	for _, row := range []struct {
		sentinel error
		reason   errorv1.Reason
	}{
		{account.ErrInvalidCredentials, errorv1.Reason_REASON_INVALID_CREDENTIALS},
		{session.ErrRequired, errorv1.Reason_REASON_SESSION_REQUIRED},
		{account.ErrNotMember, errorv1.Reason_REASON_NOT_FOUND},
	} {
		if errors.Is(err, row.sentinel) {
			return oerr.New(row.reason, row.sentinel.Error())
		}
	}
	return err
}

func missing(field string) error {
	return oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, field+" is required", oerr.WithField(field))
}
