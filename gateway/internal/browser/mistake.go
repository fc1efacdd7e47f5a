package browser

import errorv1 "github.com/vidocu/usher/gen/usher/error/v1"

// mistakeOf returns what a page says to a user about a client's wrong request, which they cannot mend: the message
// of authz is for the client's author then. It is empty for a refusal whose message is for the user.
func mistakeOf(why errorv1.Cause) string {
	switch why { //nolint:exhaustive // see above
	case errorv1.Cause_CAUSE_REDIRECT_URI_UNREGISTERED:
		return "It asked us to send you to an address that it has not registered, so we stopped. There is nothing that you can do here."
	case errorv1.Cause_CAUSE_PARAMETER_MISSING, errorv1.Cause_CAUSE_PARAMETER_REPEATED, errorv1.Cause_CAUSE_STATE_TOO_LONG:
		return "It sent us a request that is wrong, so we stopped. There is nothing that you can do here."
	}
	return ""
}
