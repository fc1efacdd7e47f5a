package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// checkGrant spares the person a decision that the app could not redeem.
func checkGrant(_ context.Context, _ Flow, a *asked) error {
	if !a.client.May(client.AuthorizationCode) {
		return redirectWith(cause.GrantNotAllowed, "unauthorized_client", "the app may not use authorization codes")
	}
	return nil
}
