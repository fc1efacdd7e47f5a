package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkResponseMode accepts `query` alone: with a fragment or a form post the code would reach the
// client where it does not expect it.
func checkResponseMode(_ context.Context, _ Flow, a *request) error {
	if mode := a.value("response_mode"); mode != "" && mode != "query" {
		return invalidRequest(cause.ResponseModeUnsupported, "the parameter response_mode must be query")
	}
	return nil
}
