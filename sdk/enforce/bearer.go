package enforce

import "strings"

// Bearer reads the token of a request from the values of its Authorization header (RFC 6750 §2.1). sent is false when there
// is no bearer token; when there is one that cannot be right, such as two headers or two words, it is true and the token is
// empty, which is never active.
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

// tokenCharacter is b64token's alphabet (RFC 6750 §2.1).
func tokenCharacter(c byte) bool {
	return unreserved(c) || c == '+' || c == '/' || c == '='
}
