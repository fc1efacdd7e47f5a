package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkResponseMode takes the query alone: a fragment or a form post would carry the code past what the app expects.
func checkResponseMode(_ context.Context, _ Flow, a *asked) error {
	if mode := a.value("response_mode"); mode != "" && mode != "query" {
		return invalidRequest(cause.ResponseModeUnsupported, "the parameter response_mode must be query")
	}
	return nil
}
