package rpc

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/actor"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/paging"
	"github.com/vidocu/usher/internal/platform/workspaceadmin"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
	"github.com/vidocu/usher/services/consent/internal/policy"
	"github.com/vidocu/usher/services/consent/internal/workspaceapp"
)

// Workspaces serves the administrators of workspaces, and operators.
type Workspaces struct {
	consentv1.UnsafeWorkspaceServiceServer

	Sessions  identityv1.SessionServiceClient
	Directory identityv1.DirectoryServiceClient
	Apps      workspaceapp.Service
	Policies  policy.Administration
	Clients   workspaceapp.Clients
}

// clientRequest is a request about a client.
type clientRequest interface {
	workspaceadmin.Request
	GetClientId() string
}

// administrator is workspaceadmin.Administrator, and returns NOT_FOUND to an operator too for a workspace that does not exist: a
// mistyped identifier would be given a policy.
func (s *Workspaces) administrator(ctx context.Context, req workspaceadmin.Request) (oauth.NamedUser, error) {
	by, err := workspaceadmin.Administrator(ctx, s.Sessions, req)
	if err != nil || by.UserID != "" {
		return by, err
	}
	found, err := s.Directory.BatchGetWorkspaces(ctx, &identityv1.BatchGetWorkspacesRequest{WorkspaceIds: []string{req.GetWorkspaceId()}})
	if err != nil {
		return by, fmt.Errorf("looking for the workspace: %w", err)
	}
	if len(found.GetWorkspaces()) == 0 {
		return by, workspaceadmin.NotFound()
	}
	return by, nil
}

// administratorOf is administrator for a request that must name a client.
func (s *Workspaces) administratorOf(ctx context.Context, req clientRequest) (oauth.NamedUser, error) {
	by, err := s.administrator(ctx, req)
	if err == nil && (req.GetClientId() == "" || len(req.GetClientId()) > maxID || strings.Contains(req.GetClientId(), "\x00")) {
		err = oerr.Invalid("client_id", "must be an identifier")
	}
	return by, err
}

// maxID bounds an identifier, in bytes.
const maxID = 512

// ListWorkspaceApps lists the clients that members connected.
func (s *Workspaces) ListWorkspaceApps(
	ctx context.Context, req *consentv1.ListWorkspaceAppsRequest,
) (*consentv1.ListWorkspaceAppsResponse, error) {
	if _, err := s.administrator(ctx, req); err != nil {
		return nil, err
	}
	apps, next, err := s.Apps.List(ctx, req.GetWorkspaceId(), req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, toStatus(err)
	}
	res := &consentv1.ListWorkspaceAppsResponse{NextPageToken: next}
	for _, a := range apps {
		shown := &consentv1.WorkspaceApp{
			ClientId: a.ClientID, ClientName: a.Name, Users: a.Users, Scopes: a.Scope, LastUseTime: timestamppb.New(a.LastUsed), Approved: a.Approved,
		}
		if a.Identity != nil {
			shown.Identity = convert.AppIdentityToProto(*a.Identity)
		}
		res.Apps = append(res.Apps, shown)
	}
	return res, nil
}

// EndWorkspaceApp ends a client in a workspace for all members.
func (s *Workspaces) EndWorkspaceApp(
	ctx context.Context, req *consentv1.EndWorkspaceAppRequest,
) (*consentv1.EndWorkspaceAppResponse, error) {
	by, err := s.administratorOf(ctx, req)
	if err != nil {
		return nil, err
	}
	if by.UserID != "" {
		ctx = actor.With(ctx, actor.OfUser(by.UserID)) // of the events in the token service
	}
	users, err := s.Apps.End(ctx, req.GetWorkspaceId(), req.GetClientId(), req.GetConfirmName(), by.UserID != "")
	if err == nil {
		err = s.Policies.RecordEnd(ctx, policy.End{WorkspaceID: req.GetWorkspaceId(), ClientID: req.GetClientId(), Users: users, By: by})
	}
	return &consentv1.EndWorkspaceAppResponse{Users: users}, toStatus(err)
}

// GetWorkspacePolicy returns the policy and the approved clients.
func (s *Workspaces) GetWorkspacePolicy(
	ctx context.Context, req *consentv1.GetWorkspacePolicyRequest,
) (*consentv1.GetWorkspacePolicyResponse, error) {
	if _, err := s.administrator(ctx, req); err != nil {
		return nil, err
	}
	setting, err := s.Policies.Store.Setting(ctx, req.GetWorkspaceId())
	if err != nil {
		return nil, toStatus(err)
	}
	approvals, err := s.Policies.Store.ApprovedClients(ctx, req.GetWorkspaceId())
	if err != nil {
		return nil, toStatus(err)
	}
	ids := make([]string, len(approvals))
	for i, a := range approvals {
		ids[i] = a.ClientID
	}
	clients, err := s.describe(ctx, ids)
	if err != nil {
		return nil, toStatus(err)
	}
	res := &consentv1.GetWorkspacePolicyResponse{
		Policy: consentv1.AppPolicy(setting.Rule), WaitingRequests: int32(setting.Waiting),
		SetterName: setting.By.Name, SetTime: convert.TimeToProto(setting.At),
	}
	for _, a := range approvals {
		name, identity := clients.of(a.ClientID)
		res.Approved = append(res.Approved, &consentv1.ApprovedApp{
			ClientId: a.ClientID, ClientName: name, Identity: identity, ApproverName: a.By.Name, ApproveTime: timestamppb.New(a.At),
		})
	}
	slices.SortFunc(res.Approved, func(a, b *consentv1.ApprovedApp) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.GetClientName()), strings.ToLower(b.GetClientName())), cmp.Compare(a.GetClientId(), b.GetClientId()))
	})
	return res, nil
}

// described are clients as they are registered now.
type described map[string]connectedapp.Client

// of returns the name and the identity of a client.
func (d described) of(clientID string) (string, *authzv1.AppIdentity) {
	c := d[clientID]
	if c.Identity == nil {
		return cmp.Or(c.Name, clientID), nil
	}
	return cmp.Or(c.Name, clientID), convert.AppIdentityToProto(*c.Identity)
}

// describe describes clients.
func (s *Workspaces) describe(ctx context.Context, ids []string) (described, error) {
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return nil, nil
	}
	return s.Clients.DescribeClients(ctx, ids)
}

// SetWorkspacePolicy changes the policy.
func (s *Workspaces) SetWorkspacePolicy(
	ctx context.Context, req *consentv1.SetWorkspacePolicyRequest,
) (*consentv1.SetWorkspacePolicyResponse, error) {
	by, err := s.administrator(ctx, req)
	if err != nil {
		return nil, err
	}
	if _, known := consentv1.AppPolicy_name[int32(req.GetPolicy())]; !known {
		return nil, oerr.Invalid("policy", "is not known")
	}
	return &consentv1.SetWorkspacePolicyResponse{}, toStatus(s.Policies.SetRule(ctx, req.GetWorkspaceId(), policy.Rule(req.GetPolicy()), by))
}

// SetAppApproval approves a client, or withdraws its approval.
func (s *Workspaces) SetAppApproval(
	ctx context.Context, req *consentv1.SetAppApprovalRequest,
) (*consentv1.SetAppApprovalResponse, error) {
	by, err := s.administratorOf(ctx, req)
	if err != nil {
		return nil, err
	}
	if !req.GetApproved() {
		return &consentv1.SetAppApprovalResponse{}, toStatus(s.Policies.Withdraw(ctx, req.GetWorkspaceId(), req.GetClientId(), by))
	}
	found, err := s.Clients.DescribeClients(ctx, []string{req.GetClientId()})
	if err != nil {
		return nil, toStatus(err)
	}
	if _, registered := found[req.GetClientId()]; !registered {
		return nil, toStatus(policy.ErrNoClient)
	}
	return &consentv1.SetAppApprovalResponse{}, toStatus(s.Policies.Approve(ctx, req.GetWorkspaceId(), req.GetClientId(), by))
}

// ListAppRequests lists what members asked for.
func (s *Workspaces) ListAppRequests(
	ctx context.Context, req *consentv1.ListAppRequestsRequest,
) (*consentv1.ListAppRequestsResponse, error) {
	if _, err := s.administrator(ctx, req); err != nil {
		return nil, err
	}
	p, err := paging.Of(req, 3)
	if err != nil {
		return nil, err
	}
	at, err := p.Time(0)
	if err != nil {
		return nil, err
	}
	list, err := s.Policies.Store.Requests(ctx, policy.Query{
		WorkspaceID: req.GetWorkspaceId(), WaitingOnly: req.GetWaitingOnly(), Limit: p.Size + 1,
		After: policy.Request{At: at, ClientID: p.After[1], User: oauth.NamedUser{UserID: p.After[2]}},
	})
	if err != nil {
		return nil, toStatus(err)
	}
	page, next := paging.Cut(list, p.Size, func(r policy.Request) []string {
		return []string{paging.FormatTime(r.At), r.ClientID, r.User.UserID}
	})
	ids := make([]string, len(page))
	for i, r := range page {
		ids[i] = r.ClientID
	}
	clients, err := s.describe(ctx, ids)
	if err != nil {
		return nil, toStatus(err)
	}
	res := &consentv1.ListAppRequestsResponse{NextPageToken: next}
	for _, r := range page {
		name, identity := clients.of(r.ClientID)
		var scope oauth.Scope
		if r.State == policy.Waiting {
			scope = clients[r.ClientID].Scope.InOrder(s.Apps.ScopeOrder())
		}
		res.Requests = append(res.Requests, &consentv1.AppRequest{
			ClientId: r.ClientID, ClientName: name, Identity: identity, UserId: r.User.UserID, UserName: r.User.Name, Reason: r.Reason,
			RequestTime: timestamppb.New(r.At), State: consentv1.AppRequestState(r.State), Answer: r.Answer, DeciderName: r.By.Name,
			DecideTime: convert.TimeToProto(r.DecidedAt), Scopes: scope,
		})
	}
	return res, nil
}

// DecideAppRequest decides the waiting requests for a client.
func (s *Workspaces) DecideAppRequest(
	ctx context.Context, req *consentv1.DecideAppRequestRequest,
) (*consentv1.DecideAppRequestResponse, error) {
	by, err := s.administratorOf(ctx, req)
	if err != nil {
		return nil, err
	}
	return &consentv1.DecideAppRequestResponse{}, toStatus(s.Policies.Decide(ctx, policy.Decision{
		WorkspaceID: req.GetWorkspaceId(), ClientID: req.GetClientId(), Approve: req.GetApprove(), Answer: req.GetAnswer(), By: by,
	}))
}
