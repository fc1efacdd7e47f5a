package rpc

import (
	"errors"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
	"github.com/vidocu/usher/services/consent/internal/decision"
	"github.com/vidocu/usher/services/consent/internal/policy"
	"github.com/vidocu/usher/services/consent/internal/workspaceapp"
)

// toStatus maps a domain error to a gRPC status. An error that is not listed here passes through:
// an error of a service that was called keeps its reason, and rpcserver hides the details of any
// other.
func toStatus(err error) error {
	var field *oauth.FieldError
	switch {
	case errors.As(err, &field):
		return oerr.Invalid(field.Field, field.Problem)
	case errors.Is(err, sqldb.ErrUnavailable):
		return oerr.Unavailable(err)
	case errors.Is(err, decision.ErrNotFound):
		return oerr.RefuseFor(err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "the authorization is unknown, expired or closed")
	case errors.Is(err, decision.ErrSignIn):
		return oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, decision.ErrSignIn.Error())
	case errors.Is(err, decision.ErrStale):
		return oerr.New(errorv1.Reason_REASON_AUTHORIZATION_STALE, "access was revoked while the consent page was open")
	case errors.Is(err, decision.ErrNotMember):
		return oerr.New(errorv1.Reason_REASON_WORKSPACE_FORBIDDEN, "the user is not a member of the workspace")
	case errors.Is(err, decision.ErrPolicy):
		return oerr.RefuseFor(err, errorv1.Reason_REASON_WORKSPACE_POLICY, "the policy of the workspace does not let the app be connected", clientOf(err))
	case errors.Is(err, policy.ErrFull):
		return oerr.Invalid("workspace_id", "has too many already")
	case errors.Is(err, policy.ErrNoRequest), errors.Is(err, policy.ErrNoClient), errors.Is(err, workspaceapp.ErrNotConnected):
		return oerr.New(errorv1.Reason_REASON_NOT_FOUND, err.Error(), oerr.WithField("client_id"))
	case errors.Is(err, decision.ErrUndecided):
		return oerr.Invalid("decision", "must be approve or deny")
	case errors.Is(err, decision.ErrWorkspaceMissing):
		return oerr.Invalid("workspace_id", "is required to approve")
	case errors.Is(err, connectedapp.ErrClientMissing):
		return oerr.Invalid("client_id", "is required")
	case errors.Is(err, connectedapp.ErrNotConnected):
		return oerr.New(errorv1.Reason_REASON_NOT_FOUND, "the app was never connected")
	}
	return err
}

// clientOf names the client of the request that a policy refuses, for the log.
func clientOf(err error) oerr.Option {
	var refused *decision.PolicyError
	if !errors.As(err, &refused) {
		return oerr.WithClient("")
	}
	return oerr.WithClient(refused.ClientID)
}
