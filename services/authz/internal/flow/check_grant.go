package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkGrant spares the person a decision that the app could not redeem.
func checkGrant(_ context.Context, _ Flow, a *asked) error {
	if !a.client.May(oauth.AuthorizationCodeGrant) {
		return redirectWith(cause.GrantNotAllowed, "unauthorized_client", "the app may not use authorization codes")
	}
	return nil
}
