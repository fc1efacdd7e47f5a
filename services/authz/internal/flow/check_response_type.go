package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkResponseType accepts `code` alone (RFC 9700 §2.1.2).
func checkResponseType(_ context.Context, _ Flow, a *request) error {
	switch a.value("response_type") {
	case "code":
		return nil
	case "":
		return invalidRequest(cause.ParameterMissing, "the parameter response_type is missing").of("response_type")
	}
	return redirectWith(cause.ResponseTypeUnsupported, "unsupported_response_type", "the parameter response_type must be code")
}
