package admin

import (
	"context"
	"fmt"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

func removeFromWorkspace(ctx context.Context, s *Session, c withConfirmation[oneClient]) error {
	id := c.Target.Client
	return c.confirmed(ctx, s, grantsImpact(oauth.ServiceSubject(id), id), func() error {
		return call(ctx, s.revocation().RemoveClientFromWorkspace, &tokenv1.RemoveClientFromWorkspaceRequest{ClientId: id},
			s.line("%s belongs to no workspace, and the tokens that it got for itself are revoked", id))
	})
}

// serviceTokensStay says what a new secret does not revoke, for a client that gets tokens for itself:
// the tokens that it got with the previous one.
func serviceTokensStay(r *authzv1.Registration) string {
	if r.GetClient().GetWorkspaceId() == "" {
		return ""
	}
	return fmt.Sprintf(" The tokens that it got for itself stay valid until they expire, at most an hour; "+
		"usher grants revoke --client %s ends them now.", r.GetClient().GetClientId())
}
