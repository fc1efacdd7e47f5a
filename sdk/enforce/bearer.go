package enforce

import "strings"

// Malformed stands for the token of a header in which none can be read, for a checker that takes a
// token: no token has its length, so that it is inactive without a lookup.
const Malformed = "malformed"

// Bearer returns the bearer token in the values of an Authorization header (RFC 6750 §2.1). sent is
// false where there is none. Where it is malformed, for example with two headers or two tokens,
// sent is true and the token is empty, which is never active.
func Bearer(values []string) (token string, sent bool) {
	scheme, token, sent := authorization(values)
	if scheme != schemeBearer && scheme != schemeUnknown {
		return "", false
	}
	return token, sent
}

// scheme is the scheme of an Authorization header.
type scheme int

const (
	// schemeUnknown is that of several headers, of which each may have another.
	schemeUnknown scheme = iota
	schemeOther
	schemeBearer
	schemeDPoP
)

// authorization parses the values of an Authorization header. sent and token are as in Bearer.
func authorization(values []string) (s scheme, token string, sent bool) {
	switch len(values) {
	case 0:
		return schemeOther, "", false
	case 1:
	default:
		return schemeUnknown, "", true
	}
	name, rest, _ := strings.Cut(values[0], " ")
	switch {
	case strings.EqualFold(name, "Bearer"):
		s = schemeBearer
	case strings.EqualFold(name, "DPoP"):
		s = schemeDPoP
	default:
		return schemeOther, "", false
	}
	token = strings.Trim(rest, " ")
	if token == "" {
		return s, "", false
	}
	for i := range len(token) {
		if !tokenCharacter(token[i]) {
			return s, "", true
		}
	}
	return s, token, true
}

// tokenCharacter reports whether b64token allows a character (RFC 6750 §2.1).
func tokenCharacter(c byte) bool {
	return unreserved(c) || c == '+' || c == '/' || c == '='
}
