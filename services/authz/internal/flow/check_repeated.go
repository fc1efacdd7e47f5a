package flow

import (
	"context"
)

// checkRepeated refuses a second copy of any parameter that is read, even an empty one (RFC 6749
// §3.1): another component might have used the other copy. Parameters that are not read may be
// repeated.
func checkRepeated(_ context.Context, _ Flow, a *request) error {
	for _, name := range [...]string{
		"response_type", "scope", "state", "code_challenge", "code_challenge_method",
		"response_mode", "request", "request_uri", dpopKeyParam, "prompt", "max_age", "login_hint",
	} {
		if a.repeated(name) {
			return repeated(name)
		}
	}
	return nil
}
