package rpc

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// Grants serves the consent service.
type Grants struct {
	tokenv1.UnsafeGrantServiceServer

	Store Connections
	Codes Redemptions
	// Lifetimes are those of every grant.
	Lifetimes oauth.GrantLifetimes
}

// Connections stores the user-clients.
type Connections interface {
	// GetPairEpoch returns the epoch of a user-client, and stores the user-client if it is new; 0
	// for one that was never revoked.
	//
	// It also returns the policy versions of workspaces, without the ones at 0.
	GetPairEpoch(ctx context.Context, u oauth.UserClient, workspaceIDs []string) (int64, map[string]int64, error)
	// StoredPairEpoch is GetPairEpoch for a user-client that is stored; grant.ErrNotStored for any other.
	StoredPairEpoch(ctx context.Context, u oauth.UserClient, workspaceIDs []string) (int64, map[string]int64, error)
	// GetPairGrants is GetPairEpoch together with the scopes of the user-client's live grants.
	GetPairGrants(ctx context.Context, u oauth.UserClient, workspaceIDs []string) (oauth.LiveGrants, error)
	// RaisePolicyVersion raises the policy version of a workspace.
	RaisePolicyVersion(ctx context.Context, workspaceID string) error
	// ListWorkspaceClients lists the clients to which users have live grants in a workspace, after a
	// client and by identifier.
	ListWorkspaceClients(ctx context.Context, workspaceID, after string, limit int) ([]oauth.WorkspaceClient, error)
	// EndClientInWorkspace is EndConnectionIn for every user who has a live grant to the client in the
	// workspace, and for the others. It returns the number of users with a grant.
	EndClientInWorkspace(ctx context.Context, clientID, workspaceID string, others []string) (int, error)
	// ListConnections lists the user's clients, in no particular order.
	ListConnections(ctx context.Context, userID string) ([]oauth.Connection, error)
	// EndConnection raises the epoch and revokes every grant of the user-client before it returns.
	EndConnection(ctx context.Context, userID, clientID string) error
	// EndConnectionIn is EndConnection for one workspace.
	EndConnectionIn(ctx context.Context, u oauth.UserClient, workspaceID string) error
	// ListInstallations returns the live grants of a user to clients, by client, the newest of each
	// first.
	ListInstallations(ctx context.Context, userID string, clientIDs []string) ([]oauth.Installation, error)
	// EndInstallation revokes one grant of the user-client; it does nothing if there is no such grant.
	EndInstallation(ctx context.Context, u oauth.UserClient, grant secret.Hash) error
	// ListConnectionRevocations returns the latest revocations of a user's clients, the newest first.
	ListConnectionRevocations(ctx context.Context, userID string) ([]oauth.ConnectionRevocation, error)
}

// Redemptions looks up redeemed codes.
type Redemptions interface {
	// Redeemed returns the binding of a redeemed code; grant.ErrNoEvidence when it was never
	// redeemed.
	Redeemed(ctx context.Context, code secret.Hash) (oauth.CodeBinding, error)
}

// GetPairEpoch returns the epoch of a user-client, which a consent screen carries, and the scopes
// that it shows as granted already.
func (s *Grants) GetPairEpoch(ctx context.Context, req *tokenv1.GetPairEpochRequest) (*tokenv1.GetPairEpochResponse, error) {
	if err := validateUserClient(req.GetUserId(), req.GetClientId()); err != nil {
		return nil, err
	}
	if len(req.GetPolicyWorkspaceIds()) > maxPolicies {
		return nil, invalid("policy_workspace_ids", "must be at most 1,000")
	}
	u := oauth.UserClient{UserID: req.GetUserId(), ClientID: req.GetClientId()}
	var live oauth.LiveGrants
	var err error
	switch {
	case req.GetIncludeGrants():
		live, err = s.Store.GetPairGrants(ctx, u, req.GetPolicyWorkspaceIds())
	case req.GetOnlyStored():
		live.Epoch, live.PolicyVersions, err = s.Store.StoredPairEpoch(ctx, u, req.GetPolicyWorkspaceIds())
	default:
		live.Epoch, live.PolicyVersions, err = s.Store.GetPairEpoch(ctx, u, req.GetPolicyWorkspaceIds())
	}
	if err != nil {
		return nil, toStatus(err)
	}
	res := &tokenv1.GetPairEpochResponse{
		Epoch: live.Epoch, DescriptionDigest: live.DescriptionDigest, PolicyVersionsRead: true,
		RefreshTokenLifetimeSeconds: convert.Seconds(s.Lifetimes.Refresh), FamilyLifetimeSeconds: convert.Seconds(s.Lifetimes.Family),
	}
	for _, g := range live.Scopes {
		res.Grants = append(res.Grants, &tokenv1.GrantedScopes{WorkspaceId: g.WorkspaceID, Scopes: g.Scope})
	}
	for workspaceID, version := range live.PolicyVersions {
		res.PolicyVersions = append(res.PolicyVersions, &tokenv1.PolicyVersion{WorkspaceId: workspaceID, Version: version})
	}
	return res, nil
}

// maxPolicies is the maximum number of workspaces whose policy versions one call returns.
const maxPolicies = 1000

// ListConnections lists the user's clients.
func (s *Grants) ListConnections(ctx context.Context, req *tokenv1.ListConnectionsRequest) (*tokenv1.ListConnectionsResponse, error) {
	if !identifier(req.GetUserId()) {
		return nil, invalid("user_id", "must be an identifier")
	}
	list, err := s.Store.ListConnections(ctx, req.GetUserId())
	if err != nil {
		return nil, toStatus(err)
	}
	return &tokenv1.ListConnectionsResponse{
		Connections:                 convert.Each(list, convert.ConnectionToProto),
		RefreshTokenLifetimeSeconds: convert.Seconds(s.Lifetimes.Refresh), FamilyLifetimeSeconds: convert.Seconds(s.Lifetimes.Family),
	}, nil
}

// EndConnection revokes every grant of a user-client before it returns.
func (s *Grants) EndConnection(ctx context.Context, req *tokenv1.EndConnectionRequest) (*tokenv1.EndConnectionResponse, error) {
	if err := validateUserClient(req.GetUserId(), req.GetClientId()); err != nil {
		return nil, err
	}
	return &tokenv1.EndConnectionResponse{}, toStatus(s.Store.EndConnection(ctx, req.GetUserId(), req.GetClientId()))
}

// EndConnectionInWorkspace revokes every grant of a user-client in a workspace before it returns.
func (s *Grants) EndConnectionInWorkspace(
	ctx context.Context, req *tokenv1.EndConnectionInWorkspaceRequest,
) (*tokenv1.EndConnectionInWorkspaceResponse, error) {
	if err := validateUserClient(req.GetUserId(), req.GetClientId()); err != nil {
		return nil, err
	}
	// A subject of the revocation has the workspace before a "/".
	if !identifier(req.GetWorkspaceId()) || strings.Contains(req.GetWorkspaceId(), "/") {
		return nil, invalid("workspace_id", "must be an identifier")
	}
	pair := oauth.UserClient{UserID: req.GetUserId(), ClientID: req.GetClientId()}
	return &tokenv1.EndConnectionInWorkspaceResponse{}, toStatus(s.Store.EndConnectionIn(ctx, pair, req.GetWorkspaceId()))
}

// ListConnectionRevocations returns the latest revocations of a user's clients.
func (s *Grants) ListConnectionRevocations(
	ctx context.Context, req *tokenv1.ListConnectionRevocationsRequest,
) (*tokenv1.ListConnectionRevocationsResponse, error) {
	if !identifier(req.GetUserId()) {
		return nil, invalid("user_id", "must be an identifier")
	}
	list, err := s.Store.ListConnectionRevocations(ctx, req.GetUserId())
	if err != nil {
		return nil, toStatus(err)
	}
	res := &tokenv1.ListConnectionRevocationsResponse{}
	for _, r := range list {
		res.Revocations = append(res.Revocations, &tokenv1.ConnectionRevocation{
			ClientId: r.ClientID, WorkspaceId: r.WorkspaceID, Reason: tokenv1.RevocationReason(r.Reason), RevokeTime: timestamppb.New(r.At),
		})
	}
	return res, nil
}

// GetCodeUse returns whether a code was redeemed, also when its tokens were revoked since.
func (s *Grants) GetCodeUse(ctx context.Context, req *tokenv1.GetCodeUseRequest) (*tokenv1.GetCodeUseResponse, error) {
	hash, err := secret.HashFromBytes(req.GetCodeHash())
	if err != nil {
		return nil, invalid("code_hash", "must be 32 bytes")
	}
	_, err = s.Codes.Redeemed(ctx, hash)
	if errors.Is(err, grant.ErrNoEvidence) {
		return &tokenv1.GetCodeUseResponse{}, nil
	}
	if err != nil {
		return nil, toStatus(err)
	}
	return &tokenv1.GetCodeUseResponse{Redeemed: true}, nil
}

// maxID bounds an identifier, in bytes: that of a client may be the URL of its document.
const maxID = 512

func identifier(id string) bool {
	return id != "" && len(id) <= maxID && strings.IndexByte(id, 0) < 0
}

func validateUserClient(userID, clientID string) error {
	return validateIdentifiers(namedField{"user_id", userID}, namedField{"client_id", clientID})
}

// namedField is a field and its value.
type namedField struct{ field, value string }

func validateIdentifiers(all ...namedField) error {
	for _, id := range all {
		if !identifier(id.value) {
			return invalid(id.field, "must be an identifier")
		}
	}
	return nil
}
