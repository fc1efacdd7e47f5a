package guard

import (
	"strings"

	"github.com/vidocu/usher/gateway/internal/refusal"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
)

// refusalOf returns the refusal of a request, for the log of the client's author, with the value of the token
// and the one that the endpoint needs.
func refusalOf(cause errorv1.Cause, d *enforce.Denial, token *usher.Token) refusal.Refusal {
	r := refusal.Refusal{Cause: cause}
	if token == nil {
		return r
	}
	r.ClientID = token.ClientID
	switch {
	case d.NeededScope() != "":
		r.Parameter, r.Sent, r.Expected = "scope", strings.Join(token.Scopes, " "), d.NeededScope()
	case d.OtherResource():
		r.Parameter, r.Sent, r.Expected = "resource", strings.Join(token.Audience, " "), d.NeededResource()
	}
	return r
}

// CauseOf returns the cause of denying a request with a bearer token; empty for none.
func CauseOf(bearer string, d *enforce.Denial) errorv1.Cause {
	switch d.Code {
	case enforce.CodeAuthentication:
		switch {
		case bearer == "":
			return errorv1.Cause_CAUSE_ACCESS_TOKEN_MISSING
		case d.OtherResource():
			return errorv1.Cause_CAUSE_ACCESS_TOKEN_OTHER_RESOURCE
		case d.OtherAddress():
			return errorv1.Cause_CAUSE_API_KEY_ADDRESS
		}
		if cause := keyCause(d.KeyFault()); cause != errorv1.Cause_CAUSE_UNSPECIFIED {
			return cause
		}
		return inactiveCause(bearer)
	case enforce.CodeInsufficientScope:
		return errorv1.Cause_CAUSE_SCOPE_INSUFFICIENT
	case enforce.CodePlanRestricted:
		return errorv1.Cause_CAUSE_PLAN_RESTRICTED
	case enforce.CodeNotFound:
		return errorv1.Cause_CAUSE_NOT_FOUND
	case enforce.CodeUnavailable:
		return errorv1.Cause_CAUSE_DEPENDENCY_UNAVAILABLE
	}
	return errorv1.Cause_CAUSE_UNSPECIFIED
}

// inactiveCause returns why a token is not active, as far as its format shows.
func inactiveCause(bearer string) errorv1.Cause {
	switch enforce.KindOf(bearer) {
	case enforce.AccessToken:
		return errorv1.Cause_CAUSE_ACCESS_TOKEN_INACTIVE
	case enforce.APIKey:
		return errorv1.Cause_CAUSE_API_KEY_INACTIVE
	case enforce.UserToken:
		return errorv1.Cause_CAUSE_USER_TOKEN_EXPIRED
	}
	if strings.HasPrefix(bearer, enforce.RefreshTokenPrefix) {
		return errorv1.Cause_CAUSE_ACCESS_TOKEN_IS_REFRESH_TOKEN
	}
	return errorv1.Cause_CAUSE_ACCESS_TOKEN_MALFORMED
}

// keyCause returns why a request does not prove the key of its token.
func keyCause(fault enforce.KeyFault) errorv1.Cause {
	switch fault {
	case enforce.NeedsProof:
		return errorv1.Cause_CAUSE_ACCESS_TOKEN_NEEDS_PROOF
	case enforce.NotBound:
		return errorv1.Cause_CAUSE_ACCESS_TOKEN_NOT_BOUND
	case enforce.InvalidProof:
		return errorv1.Cause_CAUSE_ACCESS_TOKEN_PROOF_INVALID
	case enforce.NeedsNonce:
		return errorv1.Cause_CAUSE_PROOF_NONCE
	case enforce.OtherKey:
		return errorv1.Cause_CAUSE_ACCESS_TOKEN_OTHER_KEY
	}
	return errorv1.Cause_CAUSE_UNSPECIFIED
}
