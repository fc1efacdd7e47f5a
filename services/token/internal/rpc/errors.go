package rpc

import (
	"errors"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/revocation"
	"github.com/vidocu/usher/services/token/internal/usertoken"
)

// toStatus maps a domain error to a gRPC status. An error that is not listed here passes through:
// an error of a service that was called keeps its reason, and rpcserver hides the details of any
// other.
func toStatus(err error) error {
	var field *oauth.FieldError
	if errors.As(err, &field) {
		return oerr.RefuseFor(err, errorv1.Reason_REASON_INVALID_REQUEST, field.Error(), oerr.WithField(field.Field))
	}
	var request *usertoken.RequestError
	if errors.As(err, &request) {
		return oerr.Refuse(errorv1.Cause_CAUSE_PARAMETER_MALFORMED, request.Error())
	}
	var proof *grant.ProofError
	if errors.As(err, &proof) && proof.Nonce != "" {
		return oerr.RefuseFor(err, errorv1.Reason_REASON_USE_DPOP_NONCE, proof.Error(), append(clientOption(err), oerr.WithNonce(proof.Nonce))...)
	}
	if errors.As(err, &proof) {
		return oerr.RefuseFor(err, errorv1.Reason_REASON_INVALID_DPOP_PROOF, proof.Error(), clientOption(err)...)
	}
	if errors.Is(err, usertoken.ErrUnknown) && cause.Of(err) == "" {
		err = cause.With(err, cause.UserTokenUnknown) // it had the format of a user token
	}
	var limited *grant.RefreshLimitError
	if errors.As(err, &limited) {
		return oerr.RateLimited(limited, limited.RetryAfter)
	}
	if errors.Is(err, revocation.ErrPlan) {
		return invalid("plan", "is not in the catalog")
	}
	if errors.Is(err, sqldb.ErrUnavailable) || errors.Is(err, grant.ErrRevokedMeanwhile) {
		return oerr.Unavailable(err)
	}
	for _, row := range []struct {
		sentinel error
		reason   errorv1.Reason
	}{
		{grant.ErrUnsupportedGrantType, errorv1.Reason_REASON_UNSUPPORTED_GRANT_TYPE},
		{grant.ErrUnauthorizedClient, errorv1.Reason_REASON_UNAUTHORIZED_CLIENT},
		{grant.ErrInvalidScope, errorv1.Reason_REASON_INVALID_SCOPE},
		{grant.ErrInvalidTarget, errorv1.Reason_REASON_INVALID_TARGET},
		{grant.ErrInvalidCode, errorv1.Reason_REASON_INVALID_CODE},
		{grant.ErrNotStored, errorv1.Reason_REASON_NOT_FOUND},
		{grant.ErrInvalidVerifier, errorv1.Reason_REASON_INVALID_CODE_VERIFIER},
		{grant.ErrAuthorizationPending, errorv1.Reason_REASON_AUTHORIZATION_PENDING},
		{grant.ErrSlowDown, errorv1.Reason_REASON_SLOW_DOWN},
		{grant.ErrAccessDenied, errorv1.Reason_REASON_ACCESS_DENIED},
		{grant.ErrDeviceCodeExpired, errorv1.Reason_REASON_EXPIRED_DEVICE_CODE},
		{grant.ErrInvalidDeviceCode, errorv1.Reason_REASON_INVALID_DEVICE_CODE},
		{grant.ErrInvalidRefreshToken, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN},
		{usertoken.ErrUnknown, errorv1.Reason_REASON_INVALID_ACCESS_TOKEN},
		{usertoken.ErrExpired, errorv1.Reason_REASON_EXPIRED_ACCESS_TOKEN},
		{usertoken.ErrInvalidCredentials, errorv1.Reason_REASON_INVALID_CREDENTIALS},
		{usertoken.ErrUnauthorized, errorv1.Reason_REASON_UNAUTHORIZED_ACCESS},
	} {
		if errors.Is(err, row.sentinel) {
			text := row.sentinel.Error()
			var parameter *grant.ParameterError
			if errors.As(err, &parameter) {
				text = parameter.Problem
			}
			return oerr.RefuseFor(err, row.reason, text, clientOption(err)...)
		}
	}
	return err
}

// clientOption adds the client of a failed request to the error, for the log.
func clientOption(err error) []oerr.Option {
	var refused *grant.RefusedError
	if !errors.As(err, &refused) {
		return nil
	}
	return []oerr.Option{oerr.WithClient(refused.ClientID)}
}
