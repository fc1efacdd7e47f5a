package flow

import "github.com/vidocu/usher/internal/platform/oauth/cause"

// state is all that the next step depends on. There is no remembered consent in it, on purpose: every request is shown
// to the person (RFC 8252 §8.6).
type state struct {
	// silent is prompt=none: the app wants an answer without any page.
	silent   bool
	signedIn bool
}

// transition is a step to show, or why there is none.
type transition struct {
	kind    Kind
	refusal *refusal
}

// dispatch is the one place where the next step is decided.
func dispatch(s state) transition {
	switch {
	case s.silent && !s.signedIn:
		return transition{refusal: redirectWith(cause.LoginRequired, "login_required", "the user is not signed in")}
	case s.silent:
		return transition{refusal: redirectWith(cause.ConsentRequired, "consent_required", "the user must be shown the consent screen")}
	case !s.signedIn:
		return transition{kind: SignIn}
	}
	return transition{kind: Consent}
}
