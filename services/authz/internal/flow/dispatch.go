package flow

// state holds everything that the next step depends on. It contains no stored consent, on purpose:
// the consent screen is shown for every request (RFC 8252 §8.6), except where the client requests none
// and is identified.
type state struct {
	// silent is prompt=none: the client requests a response without any page.
	silent bool
	// decides says that such a request may be approved because of an earlier approval.
	decides  bool
	signedIn bool
	// refused is a request whose refusal is shown to the user (see hold).
	refused bool
	// again and choose say that the session does not suffice: the client requires a new sign-in, or
	// a choice of account.
	again, choose bool
}

// transition is a step to show, or the refusal.
type transition struct {
	kind    Kind
	reason  Reason
	refusal *refusal
}

// dispatch is the only place that decides the next step.
func dispatch(s state) transition {
	switch {
	case s.silent && (!s.signedIn || s.again):
		return transition{refusal: loginRequired()}
	case s.silent && s.decides:
		return transition{kind: SilentConsent}
	case s.silent:
		return transition{refusal: consentRequired()}
	case !s.signedIn:
		return transition{kind: SignIn}
	case s.refused:
		return transition{kind: ReturnPage}
	case s.again:
		return transition{kind: SignIn, reason: Again}
	case s.choose:
		return transition{kind: SignIn, reason: SelectAccount}
	}
	return transition{kind: Consent}
}
