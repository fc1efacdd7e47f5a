package grant

import (
	"errors"
	"fmt"
)

// The failures of the token endpoint. Each is one row of the wire contract §4.
var (
	// ErrUnsupportedGrantType is RFC 6749 §5.2 unsupported_grant_type.
	ErrUnsupportedGrantType = errors.New("grant type is not supported")
	// ErrUnauthorizedClient is RFC 6749 §5.2 unauthorized_client.
	ErrUnauthorizedClient = errors.New("client may not use this grant")
	// ErrInvalidScope is more scope at refresh than was granted (RFC 6749 §6), or a malformed one.
	ErrInvalidScope = errors.New("scope exceeds what was granted")
	// ErrInvalidCode is a code that is unknown, expired, used, another client's, of another redirect URI,
	// or overtaken by a revocation: one answer for all.
	ErrInvalidCode = errors.New("invalid authorization code")
	// ErrInvalidVerifier is a PKCE verifier that is missing, malformed or wrong (RFC 7636 §4.6).
	ErrInvalidVerifier = errors.New("invalid code verifier")
	// ErrInvalidRefreshToken is a refresh token that is unknown, expired, revoked, reused or another client's.
	ErrInvalidRefreshToken = errors.New("invalid refresh token")
)

// A second use, which ended what the first one began. The caller is told no more than of any other refusal.
var (
	// ErrCodeReplayed is an ErrInvalidCode.
	ErrCodeReplayed = fmt.Errorf("%w: it was redeemed before", ErrInvalidCode)
	// ErrRefreshTokenReused is an ErrInvalidRefreshToken.
	ErrRefreshTokenReused = fmt.Errorf("%w: it was spent before", ErrInvalidRefreshToken)
)

// FieldError is a missing or malformed parameter: RFC 6749 §5.2 invalid_request.
type FieldError struct {
	// Field is the parameter's name on the wire.
	Field string
	// Problem says what is wrong with it, without its value.
	Problem string
}

// Error names the field and the problem.
func (e *FieldError) Error() string { return fmt.Sprintf("%s %s", e.Field, e.Problem) }

func missing(field string) error { return &FieldError{Field: field, Problem: "is required"} }
