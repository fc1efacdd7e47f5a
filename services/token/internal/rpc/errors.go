package rpc

import (
	"errors"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// fail turns a domain failure into one that crosses the wire. What is not known here passes through: errors of the
// services we called keep their reason, and the server's edge hides the rest.
func fail(err error) error {
	var field *grant.FieldError
	if errors.As(err, &field) {
		return invalid(field.Field, field.Problem)
	}
	if errors.Is(err, sqldb.ErrUnavailable) {
		return oerr.Unavailable(err)
	}
	for _, row := range []struct {
		sentinel error
		reason   errorv1.Reason
	}{
		{grant.ErrUnsupportedGrantType, errorv1.Reason_REASON_UNSUPPORTED_GRANT_TYPE},
		{grant.ErrUnauthorizedClient, errorv1.Reason_REASON_UNAUTHORIZED_CLIENT},
		{grant.ErrInvalidScope, errorv1.Reason_REASON_INVALID_SCOPE},
		{grant.ErrInvalidCode, errorv1.Reason_REASON_INVALID_CODE},
		{grant.ErrInvalidVerifier, errorv1.Reason_REASON_INVALID_CODE_VERIFIER},
		{grant.ErrInvalidRefreshToken, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN},
	} {
		if errors.Is(err, row.sentinel) {
			return oerr.New(row.reason, row.sentinel.Error())
		}
	}
	return err
}
