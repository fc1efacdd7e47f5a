// Package workspaceadmin authorizes the RPCs by which a workspace is administered: by its
// administrators, whose session the gateway sends, and by operators, who send none.
//
// It owns the check of the session, the membership and the role, which identity reads at that moment.
// It never decides what an administrator may do.
package workspaceadmin

import (
	"context"
	"fmt"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/policy"
)

// Request is a request for a workspace.
type Request interface {
	// GetSessionToken returns the session cookie's value; empty for an operator.
	GetSessionToken() string
	GetWorkspaceId() string
}

// Administrator returns who sent a request. It returns INVALID_REQUEST without a workspace,
// SESSION_REQUIRED without a live session unless the caller is an operator, and NOT_FOUND unless the
// user administers the workspace, whether or not it exists.
func Administrator(ctx context.Context, sessions identityv1.SessionServiceClient, req Request) (oauth.NamedUser, error) {
	if req.GetWorkspaceId() == "" {
		return oauth.NamedUser{}, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "workspace_id is required", oerr.WithField("workspace_id"))
	}
	if req.GetSessionToken() == "" {
		if policy.IsOperator(ctx) {
			return oauth.NamedUser{}, nil
		}
		return oauth.NamedUser{}, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "a session is required")
	}
	res, err := sessions.GetSession(ctx, &identityv1.GetSessionRequest{SessionToken: req.GetSessionToken(), IncludeWorkspaces: true})
	if err != nil {
		return oauth.NamedUser{}, fmt.Errorf("resolving the session: %w", err)
	}
	for _, w := range res.GetWorkspaces().GetWorkspaces() {
		if w.GetWorkspaceId() == req.GetWorkspaceId() && w.GetRole() == identityv1.Role_ROLE_ADMINISTRATOR {
			return oauth.NamedUser{UserID: res.GetSession().GetUserId(), Name: res.GetSession().GetDisplayName()}, nil
		}
	}
	return oauth.NamedUser{}, NotFound()
}

// NotFound is the error for a workspace that does not exist, or that the user does not administer.
func NotFound() error {
	return oerr.New(errorv1.Reason_REASON_NOT_FOUND, "there is no such workspace", oerr.WithField("workspace_id"))
}
