package oerr

import (
	"google.golang.org/grpc/codes"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

// codeOf returns the gRPC code of each reason. The reason is the contract; the code is for tools
// that know codes only.
func codeOf(reason errorv1.Reason) codes.Code {
	switch reason {
	case errorv1.Reason_REASON_INVALID_CLIENT, errorv1.Reason_REASON_INVALID_CREDENTIALS, errorv1.Reason_REASON_SESSION_REQUIRED,
		errorv1.Reason_REASON_INVALID_ACCESS_TOKEN, errorv1.Reason_REASON_EXPIRED_ACCESS_TOKEN,
		errorv1.Reason_REASON_INVALID_REGISTRATION_TOKEN:
		return codes.Unauthenticated
	case errorv1.Reason_REASON_INVALID_REQUEST, errorv1.Reason_REASON_UNSUPPORTED_GRANT_TYPE, errorv1.Reason_REASON_INVALID_SCOPE, errorv1.Reason_REASON_INVALID_TARGET,
		errorv1.Reason_REASON_INVALID_CODE, errorv1.Reason_REASON_INVALID_CODE_VERIFIER, errorv1.Reason_REASON_INVALID_REFRESH_TOKEN,
		errorv1.Reason_REASON_UNAUTHORIZED_CLIENT, errorv1.Reason_REASON_REQUEST_TOO_LARGE,
		errorv1.Reason_REASON_INVALID_REDIRECT_URI,
		errorv1.Reason_REASON_INVALID_CLIENT_METADATA,
		errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE, errorv1.Reason_REASON_AUTHORIZATION_PENDING, errorv1.Reason_REASON_SLOW_DOWN,
		errorv1.Reason_REASON_ACCESS_DENIED, errorv1.Reason_REASON_EXPIRED_DEVICE_CODE, errorv1.Reason_REASON_INVALID_DEVICE_CODE,
		errorv1.Reason_REASON_INVALID_DPOP_PROOF, errorv1.Reason_REASON_USE_DPOP_NONCE:
		return codes.InvalidArgument
	case errorv1.Reason_REASON_WORKSPACE_FORBIDDEN, errorv1.Reason_REASON_WORKSPACE_POLICY, errorv1.Reason_REASON_CALLER_DENIED, errorv1.Reason_REASON_CROSS_SITE_REQUEST,
		errorv1.Reason_REASON_UNAUTHORIZED_ACCESS, errorv1.Reason_REASON_CLIENT_FULL, errorv1.Reason_REASON_CLIENT_NOT_LIVE, errorv1.Reason_REASON_INSUFFICIENT_SCOPE:
		return codes.PermissionDenied
	case errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, errorv1.Reason_REASON_NOT_FOUND:
		return codes.NotFound
	case errorv1.Reason_REASON_ALREADY_EXISTS:
		return codes.AlreadyExists
	case errorv1.Reason_REASON_AUTHORIZATION_STALE, errorv1.Reason_REASON_CONFLICT:
		return codes.FailedPrecondition
	case errorv1.Reason_REASON_RATE_LIMITED:
		return codes.ResourceExhausted
	case errorv1.Reason_REASON_UNAVAILABLE:
		return codes.Unavailable
	case errorv1.Reason_REASON_METHOD_NOT_ALLOWED:
		return codes.Unimplemented
	case errorv1.Reason_REASON_UNSPECIFIED:
		return codes.Internal
	}
	return codes.Internal
}
