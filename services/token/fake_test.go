package token_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// The pair of RFC 7636 appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

const callback = "https://yourapp.com/callback"

// authorizations is the authz service on the wire: one confidential client, two resource servers,
// and any code that begins with "code", approved by John for the client, or by the user that it
// names after a colon, for the resources that it names after an @.
type authorizations struct {
	authzv1.UnimplementedClientServiceServer
	authzv1.UnimplementedCodeServiceServer
	authzv1.UnimplementedAdministrationServiceServer

	robot robot
	mu    sync.Mutex
	down  error
	// retry is the clients' own retry window in seconds; nil is none.
	retry *int32
	// recorded are the scopes of tokens that clients got for themselves.
	recorded []string
}

func (a *authorizations) setRetry(seconds int32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.retry = &seconds
}

func (a *authorizations) retryWindow() *int32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.retry
}

func (a *authorizations) RecordServiceScopes(
	_ context.Context, req *authzv1.RecordServiceScopesRequest,
) (*authzv1.RecordServiceScopesResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.recorded = append(a.recorded, req.GetClientId()+" "+strings.Join(req.GetScopes(), " "))
	return &authzv1.RecordServiceScopesResponse{}, nil
}

func (a *authorizations) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = err
}

func (a *authorizations) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.down
}

func (a *authorizations) AuthenticateClient(
	_ context.Context, req *authzv1.AuthenticateClientRequest,
) (*authzv1.AuthenticateClientResponse, error) {
	if err := a.failure(); err != nil {
		return nil, err
	}
	for _, c := range req.GetCredentials() {
		if res := a.robot.authenticate(c); res != nil {
			return res, nil
		}
		if c.GetClientSecret() != "secret" || !slices.Contains([]string{"app", "server", "mcp-server"}, c.GetClientId()) {
			continue
		}
		return &authzv1.AuthenticateClientResponse{Client: &authzv1.Client{
			ClientId: c.GetClientId(), Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL,
			GrantTypes: []string{"authorization_code", "refresh_token"}, ResourceServer: c.GetClientId() != "app",
			RefreshRetrySeconds: a.retryWindow(),
		}}, nil
	}
	return nil, oerr.New(errorv1.Reason_REASON_INVALID_CLIENT, "invalid client credentials")
}

func (a *authorizations) ResolveCode(_ context.Context, req *authzv1.ResolveCodeRequest) (*authzv1.ResolveCodeResponse, error) {
	if len(req.GetCode()) < 4 || req.GetCode()[:4] != "code" {
		return nil, oerr.New(errorv1.Reason_REASON_INVALID_CODE, "unknown")
	}
	user := "usr_john"
	code, resources, _ := strings.Cut(req.GetCode(), "@")
	if _, other, named := strings.Cut(code, ":"); named {
		user = other
	}
	return &authzv1.ResolveCodeResponse{
		ClientId: "app", RedirectUri: callback, CodeChallenge: challenge, UserId: user, DisplayName: "John Doe",
		WorkspaceId: "ws_acme", Scopes: []string{"videos:read", "analyze:write"}, Resources: strings.Fields(resources),
	}, nil
}
