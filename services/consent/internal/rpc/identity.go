package rpc

import (
	"context"
	"fmt"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

// Identity is what consent asks the identity service: who a browser is and who belongs where. It is decision.Identity and
// connectedapp.Identity.
type Identity struct {
	Sessions  identityv1.SessionServiceClient
	Directory identityv1.DirectoryServiceClient
}

// Session resolves a session.
func (i Identity) Session(ctx context.Context, session secret.String) (decision.Person, error) {
	res, err := i.Sessions.GetSession(ctx, &identityv1.GetSessionRequest{SessionToken: session.Reveal()})
	if err != nil {
		return decision.Person{}, fmt.Errorf("resolving the session: %w", err)
	}
	s := res.GetSession()
	return decision.Person{ID: s.GetUserId(), DisplayName: s.GetDisplayName(), EmailAddress: s.GetEmailAddress()}, nil
}

// UserID resolves a session to its user alone.
func (i Identity) UserID(ctx context.Context, session secret.String) (string, error) {
	person, err := i.Session(ctx, session)
	return person.ID, err
}

// Workspaces lists a person's workspaces, by name.
func (i Identity) Workspaces(ctx context.Context, userID string) ([]decision.Workspace, error) {
	res, err := i.Directory.ListWorkspaces(ctx, &identityv1.ListWorkspacesRequest{UserId: userID})
	if err != nil {
		return nil, fmt.Errorf("listing the workspaces: %w", err)
	}
	list := make([]decision.Workspace, len(res.GetWorkspaces()))
	for n, w := range res.GetWorkspaces() {
		list[n] = decision.Workspace{ID: w.GetWorkspaceId(), Name: w.GetName(), Plan: w.GetPlan(), Role: role(w.GetRole())}
	}
	return list, nil
}

// WorkspaceNames are the names of a person's workspaces by identifier.
func (i Identity) WorkspaceNames(ctx context.Context, userID string) (map[string]string, error) {
	list, err := i.Workspaces(ctx, userID)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(list))
	for _, w := range list {
		names[w.ID] = w.Name
	}
	return names, nil
}

// CheckMember fails with decision.ErrNotMember when the person does not belong to the workspace now.
func (i Identity) CheckMember(ctx context.Context, userID, workspaceID string) error {
	_, err := i.Directory.GetMembership(ctx, &identityv1.GetMembershipRequest{UserId: userID, WorkspaceId: workspaceID})
	if oerr.Reason(err) == errorv1.Reason_REASON_NOT_FOUND {
		return decision.ErrNotMember
	}
	if err != nil {
		return fmt.Errorf("checking the membership: %w", err)
	}
	return nil
}

// role names a role as pages do.
func role(r identityv1.Role) string {
	switch r {
	case identityv1.Role_ROLE_MEMBER:
		return "member"
	case identityv1.Role_ROLE_ADMINISTRATOR:
		return "administrator"
	case identityv1.Role_ROLE_UNSPECIFIED:
	}
	return ""
}
