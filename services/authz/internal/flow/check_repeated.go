package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkRepeated refuses a second copy of any parameter that is read, also an empty one (RFC 6749 §3.1): another component
// might have taken the other. Parameters that nobody reads may come as often as they like.
func checkRepeated(_ context.Context, _ Flow, a *asked) error {
	for _, name := range [...]string{
		"response_type", "scope", "state", "code_challenge", "code_challenge_method",
		"response_mode", "request", "request_uri", "prompt",
	} {
		if a.repeated(name) {
			return invalidRequest(cause.ParameterRepeated, "the parameter "+name+" is repeated")
		}
	}
	return nil
}
