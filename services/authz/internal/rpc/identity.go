package rpc

import (
	"context"
	"fmt"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/ownership"
)

// Identity implements flow.Sessions, ownership.People and registry.Workspaces with the identity
// service.
type Identity struct {
	Sessions  identityv1.SessionServiceClient
	Directory identityv1.DirectoryServiceClient
}

// SessionUser returns the user of a session, or flow.ErrSignedOut if the session is invalid.
func (i Identity) SessionUser(ctx context.Context, session secret.String) (flow.User, error) {
	res, err := i.Sessions.GetSession(ctx, &identityv1.GetSessionRequest{SessionToken: session.Reveal()})
	if oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
		return flow.User{}, flow.ErrSignedOut
	}
	if err != nil {
		return flow.User{}, fmt.Errorf("getting the session: %w", err)
	}
	user := flow.User{UserID: res.GetSession().GetUserId()}
	if at := res.GetSession().GetAuthenticateTime(); at != nil {
		user.AuthenticatedAt = at.AsTime()
	}
	return user, nil
}

// Person returns the user of a session with the workspaces.
func (i Identity) Person(ctx context.Context, session secret.String) (ownership.Person, error) {
	if session.IsZero() {
		return ownership.Person{}, ownership.ErrSignedOut
	}
	res, err := i.Sessions.GetSession(ctx, &identityv1.GetSessionRequest{SessionToken: session.Reveal(), IncludeWorkspaces: true})
	if oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED {
		return ownership.Person{}, ownership.ErrSignedOut
	}
	if err != nil {
		return ownership.Person{}, fmt.Errorf("getting the session: %w", err)
	}
	s := res.GetSession()
	person := ownership.Person{
		UserID: s.GetUserId(), DisplayName: s.GetDisplayName(), Email: s.GetEmailAddress(), Language: s.GetLanguage(), TimeZone: s.GetTimeZone(),
	}
	for _, w := range res.GetWorkspaces().GetWorkspaces() {
		person.Workspaces = append(person.Workspaces, ownership.Workspace{
			ID: w.GetWorkspaceId(), Name: w.GetName(), Plan: w.GetPlan(), Role: oauth.Role(enumname.Of(w.GetRole())),
		})
	}
	return person, nil
}

// WorkspaceExists reports whether there is a workspace with the identifier.
func (i Identity) WorkspaceExists(ctx context.Context, id string) (bool, error) {
	res, err := i.Directory.BatchGetWorkspaces(ctx, &identityv1.BatchGetWorkspacesRequest{WorkspaceIds: []string{id}})
	return len(res.GetWorkspaces()) == 1, oerr.Wrap("reading a workspace", err)
}

func sessionOf(p ownership.Person) *identityv1.Session {
	return &identityv1.Session{
		UserId: p.UserID, DisplayName: p.DisplayName, EmailAddress: p.Email, Language: p.Language, TimeZone: p.TimeZone,
	}
}

func workspaceOf(w ownership.Workspace) *identityv1.Workspace {
	return &identityv1.Workspace{WorkspaceId: w.ID, Name: w.Name, Plan: w.Plan, Role: enumname.Parse[identityv1.Role](string(w.Role))}
}
