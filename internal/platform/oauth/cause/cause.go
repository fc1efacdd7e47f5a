// Package cause names the causes of refusals for domain packages, which import no wire format.
//
// It owns the names, which are those of usher.error.v1.Cause, and the wrapping of errors. The
// meaning of a cause, the reason it implies and the advice are defined in the contract only.
package cause

import "errors"

// Cause is the name of a value of usher.error.v1.Cause, without its prefix; empty where no cause is
// known.
type Cause string

// The causes that domain packages return. Each is described in proto/usher/error/v1/cause.proto.
const (
	// The scope.
	ScopeMissing      Cause = "SCOPE_MISSING"
	ScopeMalformed    Cause = "SCOPE_MALFORMED"
	ScopeUnknown      Cause = "SCOPE_UNKNOWN"
	ScopeNotAllowed   Cause = "SCOPE_NOT_ALLOWED"
	ScopeNotGranted   Cause = "SCOPE_NOT_GRANTED"
	ScopeOtherAtRetry Cause = "SCOPE_OTHER_AT_RETRY"
	// The protected resource.
	ResourceMalformed    Cause = "RESOURCE_MALFORMED"
	ResourceUnknown      Cause = "RESOURCE_UNKNOWN"
	ResourceNotGranted   Cause = "RESOURCE_NOT_GRANTED"
	ResourceOtherAtRetry Cause = "RESOURCE_OTHER_AT_RETRY"
	// The grant type.
	GrantNotAllowed Cause = "GRANT_NOT_ALLOWED"
	// Client authentication.
	ClientUnknown           Cause = "CLIENT_UNKNOWN"
	ClientDisabled          Cause = "CLIENT_DISABLED"
	ClientSuspended         Cause = "CLIENT_SUSPENDED"
	ClientNotLive           Cause = "CLIENT_NOT_LIVE"
	ClientPeopleLimit       Cause = "CLIENT_PEOPLE_LIMIT"
	ClientNotNamed          Cause = "CLIENT_NOT_NAMED"
	SecretMissing           Cause = "SECRET_MISSING"
	SecretWrong             Cause = "SECRET_WRONG"
	SecretExpired           Cause = "SECRET_EXPIRED"
	SecretUnexpected        Cause = "SECRET_UNEXPECTED"
	AuthenticationMalformed Cause = "AUTHENTICATION_MALFORMED"
	// The client's document.
	ClientDocumentNotAccepted Cause = "CLIENT_DOCUMENT_NOT_ACCEPTED"
	ClientDocumentUnreadable  Cause = "CLIENT_DOCUMENT_UNREADABLE"
	ClientDocumentInvalid     Cause = "CLIENT_DOCUMENT_INVALID"
	// The client assertion (RFC 7523).
	AssertionMalformed        Cause = "ASSERTION_MALFORMED"
	AssertionAlgorithm        Cause = "ASSERTION_ALGORITHM"
	AssertionKeyUnknown       Cause = "ASSERTION_KEY_UNKNOWN"
	AssertionKeyExpired       Cause = "ASSERTION_KEY_EXPIRED"
	AssertionSignature        Cause = "ASSERTION_SIGNATURE"
	AssertionIssuer           Cause = "ASSERTION_ISSUER"
	AssertionAudience         Cause = "ASSERTION_AUDIENCE"
	AssertionAudienceEndpoint Cause = "ASSERTION_AUDIENCE_ENDPOINT"
	AssertionExpired          Cause = "ASSERTION_EXPIRED"
	AssertionLifetime         Cause = "ASSERTION_LIFETIME"
	AssertionNotYet           Cause = "ASSERTION_NOT_YET"
	AssertionIDMissing        Cause = "ASSERTION_ID_MISSING"
	AssertionReplayed         Cause = "ASSERTION_REPLAYED"
	AssertionType             Cause = "ASSERTION_TYPE"
	AssertionUnexpected       Cause = "ASSERTION_UNEXPECTED"
	AssertionMissing          Cause = "ASSERTION_MISSING"
	ClientKeysUnreadable      Cause = "CLIENT_KEYS_UNREADABLE"
	// Parameters.
	ParameterMissing  Cause = "PARAMETER_MISSING"
	ParameterRepeated Cause = "PARAMETER_REPEATED"
	// The authorization code.
	CodeMalformed    Cause = "CODE_MALFORMED"
	CodeUnknown      Cause = "CODE_UNKNOWN"
	CodeExpired      Cause = "CODE_EXPIRED"
	CodeUsed         Cause = "CODE_USED"
	CodeReplayed     Cause = "CODE_REPLAYED"
	CodeOtherClient  Cause = "CODE_OTHER_CLIENT"
	RedirectURIOther Cause = "REDIRECT_URI_OTHER"
	ConsentRevoked   Cause = "CONSENT_REVOKED"
	// PKCE (RFC 7636).
	VerifierMissing    Cause = "VERIFIER_MISSING"
	VerifierMalformed  Cause = "VERIFIER_MALFORMED"
	VerifierWrong      Cause = "VERIFIER_WRONG"
	VerifierUnexpected Cause = "VERIFIER_UNEXPECTED"
	// The refresh token.
	RefreshMalformed   Cause = "REFRESH_MALFORMED"
	RefreshUnknown     Cause = "REFRESH_UNKNOWN"
	RefreshExpired     Cause = "REFRESH_EXPIRED"
	RefreshRevoked     Cause = "REFRESH_REVOKED"
	RefreshRotated     Cause = "REFRESH_ROTATED"
	RefreshReused      Cause = "REFRESH_REUSED"
	RefreshOtherClient Cause = "REFRESH_OTHER_CLIENT"
	// The authorization request.
	QueryMalformed           Cause = "QUERY_MALFORMED"
	RedirectURIUnregistered  Cause = "REDIRECT_URI_UNREGISTERED"
	StateTooLong             Cause = "STATE_TOO_LONG"
	RequestObjectUnsupported Cause = "REQUEST_OBJECT_UNSUPPORTED"
	ResponseModeUnsupported  Cause = "RESPONSE_MODE_UNSUPPORTED"
	ResponseTypeUnsupported  Cause = "RESPONSE_TYPE_UNSUPPORTED"
	ChallengeMissing         Cause = "CHALLENGE_MISSING"
	ChallengeMethod          Cause = "CHALLENGE_METHOD"
	ChallengeMalformed       Cause = "CHALLENGE_MALFORMED"
	PromptContradictory      Cause = "PROMPT_CONTRADICTORY"
	MaxAgeMalformed          Cause = "MAX_AGE_MALFORMED"
	LoginRequired            Cause = "LOGIN_REQUIRED"
	ConsentRequired          Cause = "CONSENT_REQUIRED"
	InteractionRequired      Cause = "INTERACTION_REQUIRED"
	NonceMalformed           Cause = "NONCE_MALFORMED"
	IDTokenHintInvalid       Cause = "ID_TOKEN_HINT_INVALID" //nolint:gosec // a name, and no credential
	// The pending authorization.
	AuthorizationUnknown       Cause = "AUTHORIZATION_UNKNOWN"
	AuthorizationExpired       Cause = "AUTHORIZATION_EXPIRED"
	AuthorizationDecided       Cause = "AUTHORIZATION_DECIDED"
	WorkspacePolicy            Cause = "WORKSPACE_POLICY"
	AuthorizationOtherBrowser  Cause = "AUTHORIZATION_OTHER_BROWSER"
	AuthorizationOtherUser     Cause = "AUTHORIZATION_OTHER_USER"
	AuthorizationClientChanged Cause = "AUTHORIZATION_CLIENT_CHANGED"
	// The device code and the user code (RFC 8628).
	DevicePending         Cause = "DEVICE_PENDING"
	DeviceSlowDown        Cause = "DEVICE_SLOW_DOWN"
	DeviceDenied          Cause = "DEVICE_DENIED"
	DeviceCodeExpired     Cause = "DEVICE_CODE_EXPIRED"
	DeviceCodeMalformed   Cause = "DEVICE_CODE_MALFORMED"
	DeviceCodeUnknown     Cause = "DEVICE_CODE_UNKNOWN"
	DeviceCodeOtherClient Cause = "DEVICE_CODE_OTHER_CLIENT"
	DeviceCodeUsed        Cause = "DEVICE_CODE_USED"
	DeviceConsentRevoked  Cause = "DEVICE_CONSENT_REVOKED"
	UserCodeUnknown       Cause = "USER_CODE_UNKNOWN"
	// The pushed authorization request (RFC 9126).
	PushedRequestRequired    Cause = "PUSHED_REQUEST_REQUIRED"
	PushedRequestUnknown     Cause = "PUSHED_REQUEST_UNKNOWN"
	PushedRequestExpired     Cause = "PUSHED_REQUEST_EXPIRED"
	PushedRequestOtherClient Cause = "PUSHED_REQUEST_OTHER_CLIENT"
	PushedRequestUsed        Cause = "PUSHED_REQUEST_USED"
	RequestURIPushed         Cause = "REQUEST_URI_PUSHED"
	// The DPoP proof (RFC 9449).
	ProofMissing         Cause = "PROOF_MISSING"
	ProofRepeated        Cause = "PROOF_REPEATED"
	ProofMalformed       Cause = "PROOF_MALFORMED"
	ProofType            Cause = "PROOF_TYPE"
	ProofAlgorithm       Cause = "PROOF_ALGORITHM"
	ProofKey             Cause = "PROOF_KEY"
	ProofSignature       Cause = "PROOF_SIGNATURE"
	ProofMethod          Cause = "PROOF_METHOD"
	ProofURL             Cause = "PROOF_URL"
	ProofTime            Cause = "PROOF_TIME"
	ProofID              Cause = "PROOF_ID"
	ProofReplayed        Cause = "PROOF_REPLAYED"
	ProofNonce           Cause = "PROOF_NONCE"
	DPoPKeyMalformed     Cause = "DPOP_KEY_MALFORMED"
	DPoPKeyContradictory Cause = "DPOP_KEY_CONTRADICTORY"
	CodeOtherKey         Cause = "CODE_OTHER_KEY"
	RefreshOtherKey      Cause = "REFRESH_OTHER_KEY"
	// The user token.
	UserTokenMissing Cause = "USER_TOKEN_MISSING"
	UserTokenUnknown Cause = "USER_TOKEN_UNKNOWN" //nolint:gosec // the name of a cause
)

// refused is an error with its cause.
type refused struct {
	error

	cause Cause
}

// Unwrap returns the error that has the cause.
func (r *refused) Unwrap() error { return r.error }

// With adds the cause to an error, whose text stays as it is.
func With(err error, cause Cause) error { return &refused{err, cause} }

// Of returns the cause of an error; empty where none is known.
func Of(err error) Cause {
	var r *refused
	if errors.As(err, &r) {
		return r.cause
	}
	return ""
}

// expecting is an error with the value that was expected of a parameter.
type expecting struct {
	error

	parameter, value string
}

// Unwrap returns the error.
func (e *expecting) Unwrap() error { return e.error }

// Expecting adds the value that was expected of a parameter, for the log of the client's author; empty where
// the parameter is known alone. It must never be a secret, and no response contains it.
func Expecting(err error, parameter, value string) error { return &expecting{err, parameter, value} }

// Expected returns the parameter and the value of Expecting; empty without one.
func Expected(err error) (parameter, value string) {
	var e *expecting
	if !errors.As(err, &e) {
		return "", ""
	}
	return e.parameter, e.value
}
