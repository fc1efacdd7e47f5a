package rpc

import (
	"context"
	"fmt"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

// Identity calls the identity service about sessions and memberships. It is decision.Identity and
// connectedapp.Identity.
type Identity struct {
	Sessions  identityv1.SessionServiceClient
	Directory identityv1.DirectoryServiceClient
}

// Session returns the user of a session with the user's workspaces. Release 0.1, which may handle
// the request during an upgrade, returns no workspaces with the session.
func (i Identity) Session(ctx context.Context, session secret.String) (decision.User, error) {
	s, workspaces, err := i.session(ctx, &identityv1.GetSessionRequest{SessionToken: session.Reveal(), IncludeWorkspaces: true})
	if err != nil {
		return decision.User{}, err
	}
	user := decision.User{
		ID: s.GetUserId(), DisplayName: s.GetDisplayName(), EmailAddress: s.GetEmailAddress(), Language: s.GetLanguage(), TimeZone: s.GetTimeZone(),
	}
	if at := s.GetAuthenticateTime(); at != nil {
		user.AuthTime = at.AsTime()
	}
	if workspaces == nil {
		user.Workspaces, err = i.workspaces(ctx, user.ID)
		return user, err
	}
	user.Workspaces = fromWorkspaces(workspaces.GetWorkspaces())
	return user, nil
}

func (i Identity) session(ctx context.Context, req *identityv1.GetSessionRequest) (*identityv1.Session, *identityv1.WorkspaceList, error) {
	res, err := i.Sessions.GetSession(ctx, req)
	if err != nil {
		return nil, nil, fmt.Errorf("resolving the session: %w", err)
	}
	return res.GetSession(), res.GetWorkspaces(), nil
}

// UserID resolves a session to its user alone.
func (i Identity) UserID(ctx context.Context, session secret.String) (string, error) {
	s, _, err := i.session(ctx, &identityv1.GetSessionRequest{SessionToken: session.Reveal()})
	return s.GetUserId(), err
}

// workspaces lists a user's workspaces, by name.
func (i Identity) workspaces(ctx context.Context, userID string) ([]decision.Workspace, error) {
	res, err := i.Directory.ListWorkspaces(ctx, &identityv1.ListWorkspacesRequest{UserId: userID})
	if err != nil {
		return nil, fmt.Errorf("listing the workspaces: %w", err)
	}
	return fromWorkspaces(res.GetWorkspaces()), nil
}

func fromWorkspaces(sent []*identityv1.Workspace) []decision.Workspace {
	list := make([]decision.Workspace, len(sent))
	for n, w := range sent {
		list[n] = decision.Workspace{ID: w.GetWorkspaceId(), Name: w.GetName(), Plan: w.GetPlan(), Role: enumname.Of(w.GetRole())}
	}
	return list
}

// WorkspaceNames returns the names of a user's workspaces by identifier.
func (i Identity) WorkspaceNames(ctx context.Context, userID string) (map[string]string, error) {
	list, err := i.workspaces(ctx, userID)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(list))
	for _, w := range list {
		names[w.ID] = w.Name
	}
	return names, nil
}
