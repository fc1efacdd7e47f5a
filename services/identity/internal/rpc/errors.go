package rpc

import (
	"errors"
	"time"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/authapp"
	"github.com/vidocu/usher/services/identity/internal/credential"
	"github.com/vidocu/usher/services/identity/internal/password"
	"github.com/vidocu/usher/services/identity/internal/session"
)

// toStatus converts a domain error to a status. Other errors pass through: the server's interceptor
// hides them.
func toStatus(err error) error {
	if errors.Is(err, sqldb.ErrUnavailable) || errors.Is(err, shortlived.ErrUnavailable) {
		return oerr.Unavailable(err)
	}
	var limited *ratelimit.LimitedError
	if errors.As(err, &limited) {
		return oerr.RateLimited(limited, limited.RetryAfter)
	}
	if errors.Is(err, password.ErrBusy) {
		return oerr.RateLimited(password.ErrBusy, retryBusy)
	}
	var field *oauth.FieldError
	if errors.As(err, &field) {
		return oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, field.Error(), oerr.WithField(field.Field))
	}
	for _, row := range []struct {
		sentinel error
		reason   errorv1.Reason
	}{
		{account.ErrInvalidCredentials, errorv1.Reason_REASON_INVALID_CREDENTIALS},
		{session.ErrRequired, errorv1.Reason_REASON_SESSION_REQUIRED},
		{credential.ErrChanged, errorv1.Reason_REASON_SESSION_REQUIRED},
		{session.ErrUnknown, errorv1.Reason_REASON_NOT_FOUND},
		{account.ErrNotMember, errorv1.Reason_REASON_NOT_FOUND},
		{account.ErrUnknown, errorv1.Reason_REASON_NOT_FOUND},
		{account.ErrUnknownWorkspace, errorv1.Reason_REASON_NOT_FOUND},
		{account.ErrUnknownUserOrWorkspace, errorv1.Reason_REASON_NOT_FOUND},
		{authapp.ErrUnknown, errorv1.Reason_REASON_NOT_FOUND},
		{account.ErrAddressTaken, errorv1.Reason_REASON_ALREADY_EXISTS},
		{account.ErrWorkspaceTaken, errorv1.Reason_REASON_ALREADY_EXISTS},
	} {
		if errors.Is(err, row.sentinel) {
			return oerr.New(row.reason, row.sentinel.Error())
		}
	}
	return err
}

// retryBusy is how long a full queue of passwords takes to be computed.
const retryBusy = time.Second

func invalid(field, fault string) error {
	return toStatus(oauth.InvalidField(field, fault))
}

// required returns an error for the first empty field of pairs of name and value.
func required(pairs ...[2]string) error {
	for _, pair := range pairs {
		if pair[1] == "" {
			return missing(pair[0])
		}
	}
	return nil
}

func missing(field string) error {
	return oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, field+" is required", oerr.WithField(field))
}
