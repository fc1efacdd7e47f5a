package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkPushed refuses a request that was not pushed, where the client or the operator requires it
// (RFC 9126 §4).
func checkPushed(_ context.Context, f Flow, a *request) error {
	if a.push || a.PushedID != "" || !f.PushRequired && !a.client.RequiresPush() {
		return nil
	}
	return invalidRequest(cause.PushedRequestRequired, "the request must be pushed to the pushed authorization request endpoint first")
}
