package rpc

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

// Token calls the token service about user-clients and codes. It is decision.Epochs, decision.Codes,
// connectedapp.Connections, policy.Versions and workspaceapp.Tokens.
type Token struct{ Grants tokenv1.GrantServiceClient }

// GetPairEpoch reads the epoch of a user-client.
func (t Token) GetPairEpoch(ctx context.Context, u oauth.UserClient) (int64, error) {
	res, err := t.Grants.GetPairEpoch(ctx, &tokenv1.GetPairEpochRequest{UserId: u.UserID, ClientId: u.ClientID})
	return res.GetEpoch(), oerr.Wrap("reading the user-client's epoch", err)
}

// maxWorkspaces is the maximum number of workspaces in one GetPairEpoch call.
const maxWorkspaces = 1000

// PairState reads the epoch of a user-client with the policy versions of workspaces, and with its live
// grants. Release 0.1, which may handle the request during an upgrade, returns no grants, so that the page
// shows every scope as new, and no versions. The epoch is that of the first call: a later revocation
// invalidates the decision.
func (t Token) PairState(ctx context.Context, u oauth.UserClient, workspaceIDs []string, grants bool) (oauth.LiveGrants, error) {
	read := func(some []string) (oauth.LiveGrants, error) {
		return t.pairState(ctx, &tokenv1.GetPairEpochRequest{
			UserId: u.UserID, ClientId: u.ClientID, IncludeGrants: grants, PolicyWorkspaceIds: some,
		})
	}
	first := min(len(workspaceIDs), maxWorkspaces)
	state, err := read(workspaceIDs[:first])
	if err != nil {
		return oauth.LiveGrants{}, err
	}
	for some := range slices.Chunk(workspaceIDs[first:], maxWorkspaces) {
		more, err := read(some)
		if err != nil {
			return oauth.LiveGrants{}, err
		}
		state.Scopes = append(state.Scopes, more.Scopes...)
		state.DescriptionDigest = cmp.Or(state.DescriptionDigest, more.DescriptionDigest)
		if more.PolicyVersions == nil {
			state.PolicyVersions = nil
		}
		if state.PolicyVersions != nil {
			maps.Copy(state.PolicyVersions, more.PolicyVersions)
		}
	}
	return state, nil
}

// StoredPairState is PairState of a user-client to which a consent page was shown; decision.ErrStale for
// any other.
func (t Token) StoredPairState(ctx context.Context, u oauth.UserClient, workspaceIDs []string) (oauth.LiveGrants, error) {
	state, err := t.pairState(ctx, &tokenv1.GetPairEpochRequest{
		UserId: u.UserID, ClientId: u.ClientID, OnlyStored: true, PolicyWorkspaceIds: workspaceIDs,
	})
	if oerr.Reason(err) == errorv1.Reason_REASON_NOT_FOUND {
		err = decision.ErrStale
	}
	return state, err
}

func (t Token) pairState(ctx context.Context, req *tokenv1.GetPairEpochRequest) (oauth.LiveGrants, error) {
	res, err := t.Grants.GetPairEpoch(ctx, req)
	if err != nil {
		return oauth.LiveGrants{}, fmt.Errorf("reading the state of the user-client: %w", err)
	}
	state := oauth.LiveGrants{
		Epoch: res.GetEpoch(), DescriptionDigest: res.GetDescriptionDigest(),
		Lifetimes: convert.GrantLifetimes(res.GetRefreshTokenLifetimeSeconds(), res.GetFamilyLifetimeSeconds()),
	}
	for _, g := range res.GetGrants() {
		state.Scopes = append(state.Scopes, oauth.GrantedScopes{WorkspaceID: g.GetWorkspaceId(), Scope: g.GetScopes()})
	}
	if res.GetPolicyVersionsRead() {
		state.PolicyVersions = make(map[string]int64, len(res.GetPolicyVersions()))
		for _, v := range res.GetPolicyVersions() {
			state.PolicyVersions[v.GetWorkspaceId()] = v.GetVersion()
		}
	}
	return state, nil
}

// RaisePolicyVersion raises the version of a workspace's policy. Release 0.1 cannot: the policy is not
// changed then.
func (t Token) RaisePolicyVersion(ctx context.Context, workspaceID string) error {
	_, err := t.Grants.RaisePolicyVersion(ctx, &tokenv1.RaisePolicyVersionRequest{WorkspaceId: workspaceID})
	return oerr.Wrap("raising the policy version", oerr.UnlessImplemented(err))
}

// ListWorkspaceClients lists the clients of a workspace.
func (t Token) ListWorkspaceClients(ctx context.Context, workspaceID string, size int32, page string) ([]oauth.WorkspaceClient, string, error) {
	res, err := t.Grants.ListWorkspaceClients(ctx, &tokenv1.ListWorkspaceClientsRequest{WorkspaceId: workspaceID, PageSize: size, PageToken: page})
	if err != nil {
		return nil, "", fmt.Errorf("listing the clients of the workspace: %w", oerr.UnlessImplemented(err))
	}
	list := make([]oauth.WorkspaceClient, len(res.GetClients()))
	for i, c := range res.GetClients() {
		list[i] = oauth.WorkspaceClient{ClientID: c.GetClientId(), Users: c.GetUsers(), Scope: c.GetScopes(), LastUsed: c.GetLastUseTime().AsTime()}
	}
	return list, res.GetNextPageToken(), nil
}

// EndClientInWorkspace revokes the grants to a client in a workspace.
func (t Token) EndClientInWorkspace(ctx context.Context, workspaceID, clientID string, others []string) (int64, error) {
	res, err := t.Grants.EndClientInWorkspace(ctx, &tokenv1.EndClientInWorkspaceRequest{WorkspaceId: workspaceID, ClientId: clientID, UserIds: others})
	return res.GetUsers(), oerr.Wrap("ending the client in the workspace", oerr.UnlessImplemented(err))
}

// Redeemed reports whether a code was redeemed. Release 0.1, which may handle the request during an
// upgrade, does not implement the call: then the code counts as redeemed, since returning a
// redeemed code again would revoke its tokens.
func (t Token) Redeemed(ctx context.Context, hash []byte) (bool, error) {
	res, err := t.Grants.GetCodeUse(ctx, &tokenv1.GetCodeUseRequest{CodeHash: hash})
	if status.Code(err) == codes.Unimplemented {
		return true, nil
	}
	return res.GetRedeemed(), oerr.Wrap("reading the use of a code", err)
}

// ListConnections lists a user's clients.
func (t Token) ListConnections(ctx context.Context, userID string) ([]oauth.Connection, error) {
	res, err := t.Grants.ListConnections(ctx, &tokenv1.ListConnectionsRequest{UserId: userID})
	if err != nil {
		return nil, fmt.Errorf("listing the connections: %w", err)
	}
	list := make([]oauth.Connection, len(res.GetConnections()))
	for i, c := range res.GetConnections() {
		list[i] = convert.ConnectionFromProto(c)
		list[i].Lifetimes = convert.GrantLifetimes(res.GetRefreshTokenLifetimeSeconds(), res.GetFamilyLifetimeSeconds())
	}
	return list, nil
}

// EndConnectionIn revokes every grant of a user-client in one workspace.
func (t Token) EndConnectionIn(ctx context.Context, u oauth.UserClient, workspaceID string) error {
	_, err := t.Grants.EndConnectionInWorkspace(ctx, &tokenv1.EndConnectionInWorkspaceRequest{
		UserId: u.UserID, ClientId: u.ClientID, WorkspaceId: workspaceID,
	})
	return oerr.Wrap("ending the connection in a workspace", err)
}

// ListInstallations lists the live grants of a user to clients. An earlier release, which may handle
// the request during an upgrade, does not implement the call: then there are none.
func (t Token) ListInstallations(ctx context.Context, userID string, clientIDs []string) ([]oauth.Installation, error) {
	res, err := t.Grants.ListInstallations(ctx, &tokenv1.ListInstallationsRequest{UserId: userID, ClientIds: clientIDs})
	if status.Code(err) == codes.Unimplemented {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the installations: %w", err)
	}
	list := make([]oauth.Installation, len(res.GetInstallations()))
	for i, found := range res.GetInstallations() {
		list[i] = oauth.Installation{
			ID: found.GetInstallationId(), ClientID: found.GetClientId(), WorkspaceID: found.GetWorkspaceId(),
			CreatedAt: found.GetCreateTime().AsTime(), LastUsed: found.GetLastUseTime().AsTime(),
		}
	}
	return list, nil
}

// EndInstallation revokes one grant of a user-client.
func (t Token) EndInstallation(ctx context.Context, u oauth.UserClient, id string) error {
	_, err := t.Grants.EndInstallation(ctx, &tokenv1.EndInstallationRequest{UserId: u.UserID, ClientId: u.ClientID, InstallationId: id})
	return oerr.Wrap("ending an installation", err)
}

// ListRevocations lists the latest revocations of a user's clients. Release 0.1 does not implement
// the call: then there are none.
func (t Token) ListRevocations(ctx context.Context, userID string) ([]connectedapp.Revocation, error) {
	res, err := t.Grants.ListConnectionRevocations(ctx, &tokenv1.ListConnectionRevocationsRequest{UserId: userID})
	if status.Code(err) == codes.Unimplemented {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the revocations: %w", err)
	}
	list := make([]connectedapp.Revocation, len(res.GetRevocations()))
	for i, r := range res.GetRevocations() {
		list[i] = connectedapp.Revocation{Kind: revocationKind(r.GetReason()), ClientID: r.GetClientId(), WorkspaceID: r.GetWorkspaceId(), At: r.GetRevokeTime().AsTime()}
	}
	return list, nil
}

func revocationKind(reason tokenv1.RevocationReason) connectedapp.EventKind {
	switch reason { //nolint:exhaustive // the others are decisions of operators
	case tokenv1.RevocationReason_REVOCATION_REASON_DISCONNECT:
		return connectedapp.Disconnected
	case tokenv1.RevocationReason_REVOCATION_REASON_REUSE:
		return connectedapp.Reused
	}
	return connectedapp.Revoked
}

// EndConnection revokes every grant of a user-client.
func (t Token) EndConnection(ctx context.Context, u oauth.UserClient) error {
	_, err := t.Grants.EndConnection(ctx, &tokenv1.EndConnectionRequest{UserId: u.UserID, ClientId: u.ClientID})
	return oerr.Wrap("ending the connection", err)
}
