package grant

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// The errors of the token endpoint. Each is one row of docs/wire-contract.md §4. An error with
// several causes carries the one that applies (package cause), which only the log shows.
var (
	// ErrUnsupportedGrantType is RFC 6749 §5.2 unsupported_grant_type.
	ErrUnsupportedGrantType = errors.New("grant type is not supported")
	// ErrUnauthorizedClient is RFC 6749 §5.2 unauthorized_client.
	ErrUnauthorizedClient = errors.New("client may not use this grant")
	// ErrInvalidScope is a scope that exceeds the granted one at refresh (RFC 6749 §6), or is
	// malformed: a ParameterError.
	ErrInvalidScope = errors.New("scope exceeds what was granted")
	// ErrInvalidTarget is a resource that is malformed or not one of the grant (RFC 8707 §2
	// invalid_target): a ParameterError.
	ErrInvalidTarget = errors.New("resource exceeds what was granted")
	// ErrInvalidCode is a code that is unknown, expired, used, issued to another client or for
	// another redirect URI, or whose consent was revoked: one response for all.
	ErrInvalidCode = errors.New("invalid authorization code")
	// ErrInvalidVerifier is a PKCE verifier that is missing, malformed or wrong (RFC 7636 §4.6).
	ErrInvalidVerifier = errors.New("invalid code verifier")
	// ErrInvalidRefreshToken is a refresh token that is unknown, expired, revoked, reused or
	// another client's.
	ErrInvalidRefreshToken = errors.New("invalid refresh token")
)

// A second use, which revoked the tokens of the first one. The response is the same as for any
// other invalid code or token.
var (
	// ErrCodeReplayed is an ErrInvalidCode: the code was redeemed before.
	ErrCodeReplayed = fmt.Errorf("%w: it was redeemed before", invalidCode(cause.CodeReplayed))
	// ErrRefreshTokenReused is an ErrInvalidRefreshToken: the token was rotated before.
	ErrRefreshTokenReused = fmt.Errorf("%w: it was spent before", invalidRefreshToken(cause.RefreshReused))
)

// RefusedError is a failure after the client was authenticated.
type RefusedError struct {
	ClientID string
	Err      error
}

// Error is the failure's text.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the failure.
func (e *RefusedError) Unwrap() error { return e.Err }

// ReuseError is an ErrCodeReplayed or an ErrRefreshTokenReused with the origin of the first use.
type ReuseError struct {
	Err error
	// First is zero when the store was unavailable.
	First Origin
	// RetryWindow is the client's retry window of refresh tokens at the time of the reuse.
	RetryWindow time.Duration
	// Revoked is what the reuse of a refresh token revoked.
	Revoked oauth.Reuse
}

// Error is the failure's text.
func (e *ReuseError) Error() string { return e.Err.Error() }

// Unwrap returns the failure.
func (e *ReuseError) Unwrap() error { return e.Err }

// Origin is the client, user and workspace of a spent credential, for the log.
type Origin struct {
	ClientID, UserID, WorkspaceID string
	// Ago is how long ago it was spent, by the database's clock; 0 for a credential that is not
	// spent.
	Ago time.Duration
}

// ParameterError is an ErrUnsupportedGrantType, an ErrInvalidScope, an ErrInvalidTarget or an
// ErrUnauthorizedClient that says what is wrong.
type ParameterError struct {
	// Err is the sentinel.
	Err error
	// Problem says what is wrong with the parameter; of the request it repeats scope names alone.
	Problem string
}

// Error is the problem.
func (e *ParameterError) Error() string { return e.Problem }

// Unwrap returns the sentinel.
func (e *ParameterError) Unwrap() error { return e.Err }

// unsupportedGrantType names the grant types that may be sent.
func unsupportedGrantType() error {
	names := strings.Join(oauth.GrantTypeNames(nil), ", ")
	return &ParameterError{ErrUnsupportedGrantType, "the grant type is not supported: grant_type must be one of " + names}
}

func invalidTarget(why cause.Cause, problem string) error {
	return cause.With(&ParameterError{ErrInvalidTarget, problem}, why)
}

func invalidScope(why cause.Cause, problem string) error {
	return cause.With(&ParameterError{ErrInvalidScope, problem}, why)
}

func invalidCode(why cause.Cause) error { return cause.With(ErrInvalidCode, why) }

func invalidRefreshToken(why cause.Cause) error { return cause.With(ErrInvalidRefreshToken, why) }

// missing is RFC 6749 §5.2 invalid_request.
func missing(field string) error {
	return cause.With(oauth.InvalidField(field, "is required"), cause.ParameterMissing)
}
