package rpc

import (
	"context"
	"strings"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/paging"
)

// maxOthers is the maximum number of users that a request of EndClientInWorkspace names.
const maxOthers = 10_000

// RaisePolicyVersion raises the policy version of a workspace.
func (s *Grants) RaisePolicyVersion(
	ctx context.Context, req *tokenv1.RaisePolicyVersionRequest,
) (*tokenv1.RaisePolicyVersionResponse, error) {
	if err := validateWorkspace(req.GetWorkspaceId()); err != nil {
		return nil, err
	}
	return &tokenv1.RaisePolicyVersionResponse{}, toStatus(s.Store.RaisePolicyVersion(ctx, req.GetWorkspaceId()))
}

// ListWorkspaceClients lists the clients of a workspace.
func (s *Grants) ListWorkspaceClients(
	ctx context.Context, req *tokenv1.ListWorkspaceClientsRequest,
) (*tokenv1.ListWorkspaceClientsResponse, error) {
	if err := validateWorkspace(req.GetWorkspaceId()); err != nil {
		return nil, err
	}
	p, err := paging.Of(req, 1)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.ListWorkspaceClients(ctx, req.GetWorkspaceId(), p.After[0], p.Size+1)
	if err != nil {
		return nil, toStatus(err)
	}
	page, next := paging.Cut(list, p.Size, func(c oauth.WorkspaceClient) []string { return []string{c.ClientID} })
	res := &tokenv1.ListWorkspaceClientsResponse{NextPageToken: next}
	for _, c := range page {
		res.Clients = append(res.Clients, &tokenv1.WorkspaceClient{
			ClientId: c.ClientID, Users: c.Users, Scopes: c.Scope, LastUseTime: convert.TimeToProto(c.LastUsed),
		})
	}
	return res, nil
}

// endTimeout is how long EndClientInWorkspace may take. It revokes the grants of many users in several
// transactions.
const endTimeout = 3 * time.Minute

// EndClientInWorkspace revokes every grant of users to a client in a workspace before it returns. A caller
// that goes away does not interrupt it: some users would stay connected.
func (s *Grants) EndClientInWorkspace(
	ctx context.Context, req *tokenv1.EndClientInWorkspaceRequest,
) (*tokenv1.EndClientInWorkspaceResponse, error) {
	if err := validateWorkspace(req.GetWorkspaceId()); err != nil {
		return nil, err
	}
	ids := []namedField{{"client_id", req.GetClientId()}}
	for _, userID := range req.GetUserIds() {
		ids = append(ids, namedField{"user_ids", userID})
	}
	if err := validateIdentifiers(ids...); err != nil {
		return nil, err
	}
	if len(req.GetUserIds()) > maxOthers {
		return nil, invalid("user_ids", "must be at most 10,000")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	users, err := s.Store.EndClientInWorkspace(ctx, req.GetClientId(), req.GetWorkspaceId(), req.GetUserIds())
	return &tokenv1.EndClientInWorkspaceResponse{Users: int64(users)}, toStatus(err)
}

// validateWorkspace validates the identifier of a workspace. A subject of a revocation has the workspace
// before a "/".
func validateWorkspace(id string) error {
	if !identifier(id) || strings.Contains(id, "/") {
		return invalid("workspace_id", "must be an identifier")
	}
	return nil
}
