package flow

// state is all that the next step depends on. There is no remembered consent in it, on purpose: every request is shown
// to the person (RFC 8252 §8.6).
type state struct {
	// silent is prompt=none: the app wants an answer without any page.
	silent   bool
	signedIn bool
	// again and choose say that the session does not suffice: the client wants a new sign-in, or a choice of account.
	again, choose bool
}

// transition is a step to show, or why there is none.
type transition struct {
	kind    Kind
	reason  Reason
	refusal *refusal
}

// dispatch is the one place where the next step is decided.
func dispatch(s state) transition {
	switch {
	case s.silent && (!s.signedIn || s.again):
		return transition{refusal: redirectWith("login_required", "the user is not signed in, or not recently enough")}
	case s.silent:
		return transition{refusal: redirectWith("consent_required", "the user must be shown the consent screen")}
	case !s.signedIn:
		return transition{kind: SignIn}
	case s.again:
		return transition{kind: SignIn, reason: Again}
	case s.choose:
		return transition{kind: SignIn, reason: SelectAccount}
	}
	return transition{kind: Consent}
}
