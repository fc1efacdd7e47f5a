package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkGrant refuses a client that could not redeem the code, before the user is asked to decide.
func checkGrant(_ context.Context, _ Flow, a *request) error {
	if !a.client.May(oauth.AuthorizationCodeGrant) {
		return redirectWith(cause.GrantNotAllowed, "unauthorized_client", "the app may not use authorization codes")
	}
	return nil
}
