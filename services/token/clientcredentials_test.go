package token_test

import (
	"context"
	"sync"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/services/token"
)

// robot is the client "robot" of the fake authz, which gets tokens for itself in ws_acme.
type robot struct {
	mu                 sync.Mutex
	disabled, homeless bool
	// authenticated, if set, is called once between a successful authentication and its response.
	authenticated func()
}

func (r *robot) authenticate(c *authzv1.ClientCredentials) *authzv1.AuthenticateClientResponse {
	r.mu.Lock()
	if c.GetClientId() != "robot" || c.GetClientSecret() != "secret" || r.disabled {
		r.mu.Unlock()
		return nil
	}
	res := &authzv1.AuthenticateClientResponse{
		Client: &authzv1.Client{
			ClientId: "robot", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, GrantTypes: []string{"client_credentials"}, WorkspaceId: "ws_acme",
		},
		ServiceScopes: []string{"videos:read", "export:write"},
	}
	if r.homeless {
		res.Client.WorkspaceId, res.ServiceScopes = "", nil
	}
	act := r.authenticated
	r.authenticated = nil
	r.mu.Unlock()
	if act != nil {
		act()
	}
	return res
}

// between calls act once between the next authentication and its response.
func (r *robot) between(act func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.authenticated = act
}

func (r *robot) set(change func(r *robot)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

func (a *authorizations) ApplyDisableClient(
	context.Context, *authzv1.ApplyDisableClientRequest,
) (*authzv1.ApplyDisableClientResponse, error) {
	if err := a.failure(); err != nil {
		return nil, err
	}
	a.robot.set(func(r *robot) { r.disabled = true })
	return &authzv1.ApplyDisableClientResponse{}, nil
}

func (a *authorizations) ApplyRemoveClientFromWorkspace(
	context.Context, *authzv1.ApplyRemoveClientFromWorkspaceRequest,
) (*authzv1.ApplyRemoveClientFromWorkspaceResponse, error) {
	if err := a.failure(); err != nil {
		return nil, err
	}
	a.robot.set(func(r *robot) { r.homeless = true })
	return &authzv1.ApplyRemoveClientFromWorkspaceResponse{}, nil
}

func (b bench) issueToRobot(ctx context.Context) (*tokenv1.IssueTokenResponse, error) {
	return b.oauth.IssueToken(ctx, &tokenv1.IssueTokenRequest{GrantType: "client_credentials", ClientId: "robot", ClientSecret: "secret"})
}

func (b bench) mustIssueToRobot(t *testing.T) string {
	t.Helper()
	res, err := b.issueToRobot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return res.GetAccessToken()
}

// serviceEnd is an operation that revokes the tokens of a service client.
type serviceEnd struct {
	end func(ctx context.Context, ends tokenv1.EndingServiceClient) error
	// then is the reason of the next token request; none is REASON_UNSPECIFIED.
	then errorv1.Reason
	// undo restores the client.
	undo func(r *robot)
}

func serviceEnds() map[string]serviceEnd {
	return map[string]serviceEnd{
		"disable": {func(ctx context.Context, ends tokenv1.EndingServiceClient) error {
			_, err := ends.DisableClient(ctx, &tokenv1.DisableClientRequest{ClientId: "robot"})
			return err
		}, errorv1.Reason_REASON_INVALID_CLIENT, func(r *robot) { r.disabled = false }},
		"remove from the workspace": {func(ctx context.Context, ends tokenv1.EndingServiceClient) error {
			_, err := ends.RemoveClientFromWorkspace(ctx, &tokenv1.RemoveClientFromWorkspaceRequest{ClientId: "robot"})
			return err
		}, errorv1.Reason_REASON_UNAUTHORIZED_CLIENT, func(r *robot) { r.homeless = false }},
		"revoke the client's grants": {func(ctx context.Context, ends tokenv1.EndingServiceClient) error {
			_, err := ends.RevokeClientGrants(ctx, &tokenv1.RevokeClientGrantsRequest{ClientId: "robot"})
			return err
		}, errorv1.Reason_REASON_UNSPECIFIED, func(*robot) {}},
	}
}

// TestN8_5_ARevocationEndsTheTokensOfAServiceForGood: they stay revoked when the client is enabled
// again, and a new token is live.
func TestN8_5_ARevocationEndsTheTokensOfAServiceForGood(t *testing.T) {
	for name, row := range serviceEnds() {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, token.DefaultConfig())
			ends := tokenv1.NewEndingServiceClient(b.dial(t, "operator", "token"))
			old := b.mustIssueToRobot(t)
			if !b.active(t, old) {
				t.Fatal("a new token is not active")
			}
			if err := row.end(t.Context(), ends); err != nil {
				t.Fatal(err)
			}
			if b.active(t, old) {
				t.Error("the token is active after the operation")
			}
			if row.then != errorv1.Reason_REASON_UNSPECIFIED {
				_, err := b.issueToRobot(t.Context())
				wantReason(t, err, row.then)
			}
			b.authz.robot.set(row.undo)
			if next := b.mustIssueToRobot(t); !b.active(t, next) || b.active(t, old) {
				t.Error("after it was undone, a new token is not active, or an old one is")
			}
		})
	}
}

// TestN8_5_NoTokenOutlivesARevocationDuringItsIssue: the operation returns between the client's
// authentication and the issue. A client that is refused now gets no token; another one is
// authenticated again, and gets a token that lives.
func TestN8_5_NoTokenOutlivesARevocationDuringItsIssue(t *testing.T) {
	for name, row := range serviceEnds() {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, token.DefaultConfig())
			ends := tokenv1.NewEndingServiceClient(b.dial(t, "operator", "token"))
			for range 3 { // the first token of a client has no family yet
				b.authz.robot.between(func() {
					if err := row.end(t.Context(), ends); err != nil {
						t.Error(err)
					}
				})
				issued, err := b.issueToRobot(t.Context())
				switch {
				case row.then != errorv1.Reason_REASON_UNSPECIFIED:
					wantReason(t, err, row.then)
				case err != nil || !b.active(t, issued.GetAccessToken()):
					t.Errorf("a client that was not disabled: %v", err)
				}
				b.authz.robot.set(row.undo)
				if !b.active(t, b.mustIssueToRobot(t)) {
					t.Error("the next token is not active")
				}
				b.authz.robot.between(func() {
					if err := row.end(t.Context(), ends); err != nil {
						t.Error(err)
					}
					b.authz.robot.set(row.undo) // enabled again before the token is issued
				})
				if again := b.mustIssueToRobot(t); !b.active(t, again) {
					t.Error("a client that was enabled again gets a dead token")
				}
			}
		})
	}
}

// TestN8_1_TheWorkspaceMustExist: a token for a workspace that is gone is inactive for every reader.
func TestN8_1_TheWorkspaceMustExist(t *testing.T) {
	config := token.DefaultConfig()
	config.PlanAge = 0
	b := newBench(t, config)
	issued := b.mustIssueToRobot(t)
	introspected := func() bool {
		res, err := b.oauth.IntrospectClientToken(t.Context(), &tokenv1.IntrospectClientTokenRequest{Token: issued, ClientId: "robot", ClientSecret: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		return res.GetActive()
	}
	if !b.active(t, issued) || !introspected() {
		t.Fatal("a new token is not active")
	}
	b.directory.set("ws_acme", "")
	if b.active(t, issued) || introspected() {
		t.Error("a token of a workspace that does not exist is active")
	}
}

// TestN8_1_TheLifetimeIsAnHourAtMost, whatever that of users' tokens is.
func TestN8_1_TheLifetimeIsAnHourAtMost(t *testing.T) {
	config := token.DefaultConfig()
	config.AccessTokenLifetime = 24 * time.Hour
	if res, err := newBench(t, config).issueToRobot(t.Context()); err != nil || res.GetExpiresIn() != 3600 {
		t.Errorf("%d s, %v, want an hour", res.GetExpiresIn(), err)
	}
	config.AccessTokenLifetime, config.ServiceTokenLifetime = time.Second, 90*time.Second
	if res, err := newBench(t, config).issueToRobot(t.Context()); err != nil || res.GetExpiresIn() != 90 || res.GetRefreshToken() != "" {
		t.Errorf("%v, %v, want 90 s and no refresh token", res, err)
	}
	config.ServiceTokenLifetime = time.Hour + time.Second
	if config.Validate() == nil {
		t.Error("a lifetime of more than an hour is accepted")
	}
}

// TestN8_2_EnvoyPassesTheServiceOn in the headers of the verified identity, and an operator sees it.
func TestN8_2_EnvoyPassesTheServiceOn(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	issued := b.mustIssueToRobot(t)
	res, err := b.envoy.Check(t.Context(), &authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{
		Http: &authv3.AttributeContext_HttpRequest{Method: "GET", Path: "/v1/videos", Headers: map[string]string{"authorization": "Bearer " + issued}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]string{}
	for _, h := range res.GetOkResponse().GetHeaders() {
		sent[h.GetHeader().GetKey()] = h.GetHeader().GetValue()
	}
	for name, value := range map[string]string{
		"Usher-Subject": "svc_robot", "Usher-Token-Kind": "service_token", "Usher-Client-Id": "robot", "Usher-Workspace-Id": "ws_acme",
		"Usher-Scope": "videos:read export:write",
	} {
		if sent[name] != value {
			t.Errorf("%s is %q, want %q", name, sent[name], value)
		}
	}
	if h := res.GetOkResponse().GetHeaders(); len(h) == 0 || h[0].GetAppendAction() != corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
		t.Error("the headers do not overwrite those of the caller")
	}
	sees := tokenv1.NewOversightServiceClient(b.dial(t, "operator", "token"))
	seen, err := sees.InspectToken(t.Context(), &tokenv1.InspectTokenRequest{Token: issued})
	if err != nil || !seen.GetActive() || seen.GetKind() != tokenv1.TokenKind_TOKEN_KIND_SERVICE_TOKEN || seen.GetUserId() != "svc_robot" {
		t.Errorf("the operator sees %v, %v", seen, err)
	}
}
