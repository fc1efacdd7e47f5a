package consent_test

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// peers are identity, authz and token on the wire, for the session "john" in the browser "browser"
// and one request.
type peers struct {
	identityv1.UnimplementedSessionServiceServer
	identityv1.UnimplementedDirectoryServiceServer
	authzv1.UnimplementedDecisionServiceServer
	authzv1.UnimplementedClientServiceServer
	tokenv1.UnimplementedGrantServiceServer

	mu        sync.Mutex
	pending   *authzv1.PendingAuthorization
	completed *authzv1.CompleteAuthorizationRequest
	epoch     int64
	used      *timestamppb.Timestamp
	lives     [2]int64 // of a refresh token and of a family, in seconds
	down      error
	redeemed  []byte // the hash of the one code that was redeemed
	asked     []int  // how many clients each BatchGetClients named
}

func newPeers() *peers {
	return &peers{pending: &authzv1.PendingAuthorization{
		RequestId: "request", ClientId: "app", ClientName: "Example App", RedirectOrigin: "https://yourapp.com",
		Scopes: []string{"videos:read", "analyze:write"}, EpochInDecision: true,
	}}
}

// set changes something between two calls.
func (p *peers) set(change func(p *peers)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

func (p *peers) GetSession(_ context.Context, req *identityv1.GetSessionRequest) (*identityv1.GetSessionResponse, error) {
	if req.GetSessionToken() != "john" {
		return nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "sign in")
	}
	return &identityv1.GetSessionResponse{Session: &identityv1.Session{
		UserId: "usr_john", DisplayName: "John Doe", EmailAddress: "john@example.com",
	}}, nil
}

func (p *peers) ListWorkspaces(context.Context, *identityv1.ListWorkspacesRequest) (*identityv1.ListWorkspacesResponse, error) {
	return &identityv1.ListWorkspacesResponse{Workspaces: []*identityv1.Workspace{{
		WorkspaceId: "ws_acme", Name: "Acme", Plan: "pro", Role: identityv1.Role_ROLE_ADMINISTRATOR,
	}}}, nil
}

func (p *peers) GetAuthorization(_ context.Context, req *authzv1.GetAuthorizationRequest) (*authzv1.GetAuthorizationResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending == nil || req.GetRequestId() != p.pending.GetRequestId() || req.GetBrowserToken() != "browser" {
		return nil, oerr.New(errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "unknown")
	}
	return &authzv1.GetAuthorizationResponse{Authorization: proto.CloneOf(p.pending)}, nil
}

func (p *peers) BindPrompt(_ context.Context, req *authzv1.BindPromptRequest) (*authzv1.BindPromptResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending.GetUserId() != "" && p.pending.GetEpoch() != req.GetEpoch() {
		return nil, oerr.New(errorv1.Reason_REASON_AUTHORIZATION_STALE, "stale")
	}
	p.pending.UserId, p.pending.Epoch = req.GetUserId(), req.GetEpoch()
	return &authzv1.BindPromptResponse{}, nil
}

func (p *peers) CompleteAuthorization(
	_ context.Context, req *authzv1.CompleteAuthorizationRequest,
) (*authzv1.CompleteAuthorizationResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if req.GetBrowserToken() != "browser" {
		return nil, oerr.New(errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "unknown")
	}
	res := &authzv1.CompleteAuthorizationResponse{Location: "https://yourapp.com/callback?code=1", Authorization: p.pending}
	p.pending, p.completed = nil, proto.CloneOf(req)
	return res, nil
}

func (p *peers) BatchGetClients(_ context.Context, req *authzv1.BatchGetClientsRequest) (*authzv1.BatchGetClientsResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, len(req.GetClientIds()))
	res := &authzv1.BatchGetClientsResponse{}
	if slices.Contains(req.GetClientIds(), "app") {
		res.Clients = append(res.Clients, &authzv1.Client{ClientId: "app", Name: "Example App"})
	}
	return res, nil
}

func (p *peers) GetPairEpoch(context.Context, *tokenv1.GetPairEpochRequest) (*tokenv1.GetPairEpochResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &tokenv1.GetPairEpochResponse{Epoch: p.epoch, RefreshTokenLifetimeSeconds: p.lives[0], FamilyLifetimeSeconds: p.lives[1]}, p.down
}

func (p *peers) GetCodeUse(_ context.Context, req *tokenv1.GetCodeUseRequest) (*tokenv1.GetCodeUseResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &tokenv1.GetCodeUseResponse{Redeemed: string(p.redeemed) == string(req.GetCodeHash())}, p.down
}

func (p *peers) ListConnections(context.Context, *tokenv1.ListConnectionsRequest) (*tokenv1.ListConnectionsResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &tokenv1.ListConnectionsResponse{Connections: []*tokenv1.Connection{
		{ClientId: "app", Epoch: p.epoch, LastUseTime: p.used},
	}, RefreshTokenLifetimeSeconds: p.lives[0], FamilyLifetimeSeconds: p.lives[1]}, p.down
}

func (p *peers) EndConnection(_ context.Context, req *tokenv1.EndConnectionRequest) (*tokenv1.EndConnectionResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if req.GetUserId() == "usr_john" && req.GetClientId() == "app" && p.down == nil {
		p.epoch++
	}
	return &tokenv1.EndConnectionResponse{}, p.down
}
