package developers

import errorv1 "github.com/vidocu/usher/gen/usher/error/v1"

// furtherExplanations returns those of the mistakes that a client's author makes while it is built.
func furtherExplanations() map[errorv1.Cause]explanation {
	return map[errorv1.Cause]explanation{
		errorv1.Cause_CAUSE_REDIRECT_URI_OTHER: {
			what: "Redirect address is another one", why: "The token request has another redirect_uri than the authorization request.",
			fix: "Send the same redirect_uri in both requests.",
		},
		errorv1.Cause_CAUSE_PARAMETER_REPEATED: {
			what: "Parameter was sent twice", why: "Two programs that read the request could take different copies.", fix: "Send each parameter once.",
		},
		errorv1.Cause_CAUSE_PARAMETER_MISSING: {
			what: "Parameter is missing", why: "A parameter that is required was not sent, or has no value.", fix: "Send the parameter that is named below.",
		},
		errorv1.Cause_CAUSE_VERIFIER_WRONG: {
			what: "PKCE verifier is wrong", why: "The code_verifier does not belong to the code_challenge of the authorization request.",
			fix: "Keep the verifier of each sign-in in the person's session, and send the one of this sign-in.",
		},
		errorv1.Cause_CAUSE_CODE_UNKNOWN: {
			what: "Code is unknown", why: "It is none of the codes that were issued, or it expired long ago.", fix: "Send the code exactly as the browser brought it.",
		},
		errorv1.Cause_CAUSE_REFRESH_EXPIRED: {
			what: "Refresh token has expired", why: "It was not used for too long, or the access has lasted as long as it may.", fix: "Send the person to the authorization endpoint again.",
		},
		errorv1.Cause_CAUSE_REFRESH_REVOKED: {
			what: "Refresh token was revoked", why: "The person disconnected the app, or its access was ended.", fix: "Send the person to the authorization endpoint again.",
		},
		errorv1.Cause_CAUSE_SECRET_MISSING: {
			what: "Secret is missing", why: "The app has a secret, and the request has none.", fix: "Send it by HTTP Basic, or as client_secret in the body.",
			section: "credentials", button: "Credentials",
		},
		errorv1.Cause_CAUSE_SECRET_UNEXPECTED: {
			what: "Secret was not expected", why: "The app is registered without a secret.", fix: "Send client_id alone.",
		},
		errorv1.Cause_CAUSE_GRANT_NOT_ALLOWED: {
			what: "Grant type is not registered", why: "The app may not use this grant type.", fix: "Use a grant type that the app is registered for.",
		},
		errorv1.Cause_CAUSE_GRANT_TYPE_UNSUPPORTED: {
			what: "Grant type does not exist", why: "This service does not have the grant type.", fix: "Use one of the grant types that the metadata names.",
		},
		errorv1.Cause_CAUSE_ACCESS_TOKEN_INACTIVE: {
			what: "Access token is not valid any more", why: "An access token lives for a short time, and ends when the access is taken back.", fix: "Refresh it, and send the new one.",
		},
		errorv1.Cause_CAUSE_LOGOUT_URI_NOT_REGISTERED: {
			what: "Logout address is not registered", why: "The address after a sign-out is compared character by character.", fix: "Send the address as registered.",
		},
	}
}
