package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
)

// ConnectedApps serves the page of a user's connected clients.
type ConnectedApps struct {
	consentv1.UnsafeConnectedAppServiceServer

	Apps connectedapp.Service
}

// ListConnectedApps lists the clients that the session's user has approved.
func (s *ConnectedApps) ListConnectedApps(
	ctx context.Context, req *consentv1.ListConnectedAppsRequest,
) (*consentv1.ListConnectedAppsResponse, error) {
	apps, err := s.Apps.List(ctx, secret.New(req.GetSessionToken()))
	return &consentv1.ListConnectedAppsResponse{Apps: convert.Each(apps, toConnectedApp)}, toStatus(err)
}

// DisconnectApp revokes every grant of the session's user to the client.
func (s *ConnectedApps) DisconnectApp(
	ctx context.Context, req *consentv1.DisconnectAppRequest,
) (*consentv1.DisconnectAppResponse, error) {
	return &consentv1.DisconnectAppResponse{}, toStatus(s.Apps.Disconnect(ctx, secret.New(req.GetSessionToken()), req.GetClientId()))
}

// DisconnectAppFromWorkspace revokes every grant of the session's user to the client in a workspace.
func (s *ConnectedApps) DisconnectAppFromWorkspace(
	ctx context.Context, req *consentv1.DisconnectAppFromWorkspaceRequest,
) (*consentv1.DisconnectAppFromWorkspaceResponse, error) {
	err := s.Apps.DisconnectIn(ctx, secret.New(req.GetSessionToken()), req.GetClientId(), req.GetWorkspaceId())
	return &consentv1.DisconnectAppFromWorkspaceResponse{}, toStatus(err)
}

// EndInstallation revokes the tokens of one installation of a client.
func (s *ConnectedApps) EndInstallation(
	ctx context.Context, req *consentv1.EndInstallationRequest,
) (*consentv1.EndInstallationResponse, error) {
	err := s.Apps.EndInstallation(ctx, secret.New(req.GetSessionToken()), req.GetClientId(), req.GetInstallationId())
	return &consentv1.EndInstallationResponse{}, toStatus(err)
}

// DisconnectAllApps revokes every grant of the session's user.
func (s *ConnectedApps) DisconnectAllApps(
	ctx context.Context, req *consentv1.DisconnectAllAppsRequest,
) (*consentv1.DisconnectAllAppsResponse, error) {
	return &consentv1.DisconnectAllAppsResponse{}, toStatus(s.Apps.DisconnectAll(ctx, secret.New(req.GetSessionToken())))
}

// ListAppEvents lists the latest approvals and revocations of the session's user.
func (s *ConnectedApps) ListAppEvents(
	ctx context.Context, req *consentv1.ListAppEventsRequest,
) (*consentv1.ListAppEventsResponse, error) {
	events, err := s.Apps.Events(ctx, secret.New(req.GetSessionToken()))
	if err != nil {
		return nil, toStatus(err)
	}
	res := &consentv1.ListAppEventsResponse{Events: make([]*consentv1.AppEvent, len(events))}
	for i, e := range events {
		res.Events[i] = &consentv1.AppEvent{
			Kind: consentv1.AppEventKind(e.Kind), ClientId: e.ClientID, ClientName: e.ClientName, WorkspaceName: e.WorkspaceName,
			EventTime: timestamppb.New(e.At),
		}
	}
	return res, nil
}

func toConnectedApp(app connectedapp.App) *consentv1.ConnectedApp {
	res := &consentv1.ConnectedApp{
		ClientId: app.ClientID, ClientName: app.Name, ApproveTime: timestamppb.New(app.ApprovedAt),
		FirstApproveTime: timestamppb.New(app.FirstApprovedAt), Changes: toChanges(app.Changes),
		Workspaces:                  make([]*consentv1.ConnectedWorkspace, len(app.Workspaces)),
		RefreshTokenLifetimeSeconds: convert.Seconds(app.Lifetimes.Refresh), FamilyLifetimeSeconds: convert.Seconds(app.Lifetimes.Family),
	}
	if app.Identity != nil {
		res.Identity = convert.AppIdentityToProto(*app.Identity)
	}
	res.LastUseTime = convert.TimeToProto(app.LastUsed)
	for i, w := range app.Workspaces {
		res.Workspaces[i] = &consentv1.ConnectedWorkspace{WorkspaceId: w.ID, Name: w.Name, Scopes: w.Scope}
	}
	for _, i := range app.Installations {
		res.Installations = append(res.Installations, &consentv1.Installation{
			InstallationId: i.ID, WorkspaceName: i.WorkspaceName, CreateTime: timestamppb.New(i.CreatedAt), LastUseTime: timestamppb.New(i.LastUsed),
		})
	}
	return res
}

func toChanges(changes []oauth.DescriptionChange) []consentv1.AppChange {
	list := make([]consentv1.AppChange, len(changes))
	for i, change := range changes {
		list[i] = consentv1.AppChange(change) // the numbers are the same
	}
	return list
}
