package rpc

import (
	"errors"
	"time"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/assertion"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/device"
	"github.com/vidocu/usher/services/authz/internal/document"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/logo"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/pending"
	"github.com/vidocu/usher/services/authz/internal/remotekeys"
)

// toStatus converts a domain error to a status. Other errors pass through: errors of the services
// we called keep their reason, and the server's interceptor hides the rest.
func toStatus(err error) error {
	var field *oauth.FieldError
	var limited *ratelimit.LimitedError
	var refused *client.RefusedError
	var failed *document.Failure
	var unusable *flow.RequestError
	var conflict *ownership.ConflictError
	switch {
	case errors.As(err, &failed) && failed.Kind == document.Unreadable:
		return oerr.Refuse(errorv1.Cause_CAUSE_CLIENT_DOCUMENT_UNREADABLE, "the client's document cannot be read, try again shortly",
			oerr.WithInner(err), oerr.WithRetryAfter(retryDocument))
	case errors.As(err, &limited):
		return oerr.RateLimited(limited, limited.RetryAfter)
	case errors.As(err, &conflict):
		return oerr.New(errorv1.Reason_REASON_CONFLICT, conflict.Text, oerr.WithField(conflict.Field))
	case errors.Is(err, ownership.ErrSignedOut):
		return oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "the session is invalid")
	case errors.Is(err, ownership.ErrNotLive):
		return oerr.Refuse(errorv1.Cause_CAUSE_CLIENT_NOT_LIVE, ownership.ErrNotLive.Error(), clientOf(err))
	case errors.Is(err, ownership.ErrUsers):
		return oerr.Refuse(errorv1.Cause_CAUSE_CLIENT_PEOPLE_LIMIT, ownership.ErrUsers.Error(), clientOf(err))
	case errors.As(err, &field):
		return oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, field.Error(), oerr.WithField(field.Field))
	case errors.Is(err, logo.ErrUnknown):
		return oerr.New(errorv1.Reason_REASON_NOT_FOUND, "no app has that logo", oerr.WithField("hash"))
	case errors.Is(err, client.ErrPublic):
		return oerr.New(errorv1.Reason_REASON_NOT_FOUND, client.ErrPublic.Error(), oerr.WithField("client_id"))
	case errors.Is(err, client.ErrUnknown):
		return oerr.New(errorv1.Reason_REASON_NOT_FOUND, "no app has that client_id", oerr.WithField("client_id"))
	case errors.Is(err, client.ErrSuspended):
		return invalid("client_id", "is of a suspended client: clients review approve lifts the suspension")
	case errors.Is(err, client.ErrExists):
		return oerr.New(errorv1.Reason_REASON_ALREADY_EXISTS, "another app has that client_id", oerr.WithField("client_id"))
	case errors.Is(err, sqldb.ErrUnavailable), errors.Is(err, shortlived.ErrUnavailable):
		return oerr.Unavailable(err)
	case errors.Is(err, assertion.ErrKeysUnreadable):
		return oerr.RefuseFor(err, errorv1.Reason_REASON_UNAVAILABLE, "the client's keys cannot be read, try again shortly",
			oerr.WithInner(err), oerr.WithRetryAfter(remotekeys.Pause))
	case errors.As(err, &refused):
		return oerr.RefuseFor(err, errorv1.Reason_REASON_INVALID_CLIENT, "invalid client credentials", oerr.WithClient(refused.ClientID))
	case errors.Is(err, client.ErrInvalid):
		return oerr.RefuseFor(err, errorv1.Reason_REASON_INVALID_CLIENT, "invalid client credentials")
	case errors.Is(err, client.ErrProofUsed):
		return oerr.RefuseFor(err, errorv1.Reason_REASON_INVALID_DPOP_PROOF, client.ErrProofUsed.Error())
	case errors.As(err, &unusable):
		return oerr.Refuse(oerr.Named(unusable.Cause), unusable.Text, oerr.WithExpected(cause.Expected(err)))
	case errors.Is(err, device.ErrUserCode):
		return oerr.Refuse(errorv1.Cause_CAUSE_USER_CODE_UNKNOWN, "no device waits with this code")
	case errors.Is(err, code.ErrInvalid):
		return oerr.RefuseFor(err, errorv1.Reason_REASON_INVALID_CODE, "invalid authorization code")
	case errors.Is(err, pending.ErrNotFound):
		return oerr.RefuseFor(err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "the authorization is unknown, expired or closed", clientOf(err))
	case errors.Is(err, flow.ErrSignedOut):
		return oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "the client asks for a new sign-in")
	case errors.Is(err, dynamic.ErrUsers):
		return oerr.Refuse(errorv1.Cause_CAUSE_CLIENT_FULL, dynamic.ErrUsers.Error(), clientOf(err))
	case errors.Is(err, pending.ErrStale):
		return oerr.New(errorv1.Reason_REASON_AUTHORIZATION_STALE, "access was revoked while the consent page was open")
	}
	return err
}

// clientOf adds the client that refuses a user, for the log.
func clientOf(err error) oerr.Option {
	var refused *flow.ClientError
	if !errors.As(err, &refused) {
		return oerr.WithClient("")
	}
	return oerr.WithClient(refused.ClientID)
}

// retryDocument is how long a client should wait while its document cannot be read.
const retryDocument = 30 * time.Second

func invalid(field, problem string) error {
	return oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, field+" "+problem, oerr.WithField(field))
}
