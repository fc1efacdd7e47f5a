package enforce

import "strings"

// Malformed stands for the token of a header in which none can be read, for a checker that takes a
// token: no token has its length, so that it is inactive without a lookup.
const Malformed = "malformed"

// Bearer returns the bearer token in the values of an Authorization header (RFC 6750 §2.1). sent is
// false where there is none. Where it is malformed, for example with two headers or two tokens,
// sent is true and the token is empty, which is never active.
func Bearer(values []string) (token string, sent bool) {
	switch len(values) {
	case 0:
		return "", false
	case 1:
	default:
		return "", true
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	token = strings.Trim(rest, " ")
	if token == "" {
		return "", false
	}
	for i := range len(token) {
		if !tokenCharacter(token[i]) {
			return "", true
		}
	}
	return token, true
}

// tokenCharacter reports whether b64token allows a character (RFC 6750 §2.1).
func tokenCharacter(c byte) bool {
	return unreserved(c) || c == '+' || c == '/' || c == '='
}
