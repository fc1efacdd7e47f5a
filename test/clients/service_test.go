package clients

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// serviceScope is what the service clients of these tests may request.
const serviceScope = "videos:read export:write"

// serviceClient is a client that gets tokens for itself.
type serviceClient struct {
	d          *harness.Deployment
	id, secret string
}

// registerService registers a client by the command line.
func registerService(t *testing.T, d *harness.Deployment, id string, flags ...string) serviceClient {
	t.Helper()
	args := append([]string{"clients", "create", id, "--id", id, "--grant-type", "client_credentials"}, flags...)
	if !slices.Contains(flags, "--workspace") {
		args = append(args, "--workspace", "ws_acme")
	}
	if !slices.Contains(flags, "--scope") {
		args = append(args, "--scope", strings.ReplaceAll(serviceScope, " ", ","))
	}
	printed, err := d.Operate(t.Context(), shared.Bins, args...)
	expect.NoError(t, err)
	return serviceClient{d: d, id: id, secret: strings.TrimSpace(printed)}
}

// request asks for a token by a form, as OAuth libraries do.
func (c serviceClient) request(more ...string) (harness.Response, error) {
	values := url.Values{"grant_type": {"client_credentials"}}
	for i := 0; i+1 < len(more); i += 2 {
		values.Add(more[i], more[i+1])
	}
	return c.d.Form("/oauth/token", values, c.id, c.secret)
}

func (c serviceClient) issue(t *testing.T, more ...string) string {
	t.Helper()
	a, err := c.request(more...)
	expect.NoError(t, err)
	if a.Status != http.StatusOK {
		t.Fatalf("token request returned %d %s", a.Status, a.Raw)
	}
	return a.Text("access_token")
}

// wantServiceToken checks a token response without a refresh token (RFC 6749 §4.4.3).
func wantServiceToken(t *testing.T, a harness.Response, scope string) string {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("token request returned %d %s", a.Status, a.Raw)
	}
	if diff := cmp.Diff([]string{"access_token", "expires_in", "scope", "token_type"}, slices.Sorted(maps.Keys(a.Body))); diff != "" {
		t.Errorf("members: %s", diff)
	}
	expect.Equal(t, "token_type", a.Text("token_type"), "Bearer")
	expect.Equal(t, "expires_in", a.Body["expires_in"], any(float64(3600)))
	expect.Equal(t, "scope", a.Text("scope"), scope)
	expect.NoStore(t, a)
	return a.Text("access_token")
}

// TestN8_1_AClientGetsATokenForItself in both dialects, with its secret in the header and in the
// body, and without a refresh token.
func TestN8_1_AClientGetsATokenForItself(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := registerService(t, d, "vdo_client_n81")
		a, err := c.request()
		expect.NoError(t, err)
		wantServiceToken(t, a, serviceScope)
		a, err = d.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}, "client_secret": {c.secret}})
		expect.NoError(t, err)
		wantServiceToken(t, a, serviceScope)
		a, err = d.JSON("/oauth/token", map[string]any{"grant_type": "client_credentials", "client_id": c.id, "client_secret": c.secret})
		expect.NoError(t, err)
		token := wantServiceToken(t, a, serviceScope)
		expect.Equal(t, "status at the API", expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+token).Status, http.StatusOK)
		printed, err := d.Operate(t.Context(), shared.Bins, "clients", "show", c.id)
		expect.NoError(t, err)
		if !strings.Contains(printed, "WORKSPACE") || !strings.Contains(printed, "ws_acme") {
			t.Errorf("clients show does not print the workspace:\n%s", printed)
		}
		metadata := expect.Response(t, d, http.MethodGet, "/.well-known/oauth-authorization-server")
		if types, _ := metadata.Body["grant_types_supported"].([]any); !slices.Contains(types, any("client_credentials")) {
			t.Errorf("grant_types_supported is %v", types)
		}
	})
}

// TestN8_2_EveryReaderCanTellAServiceFromAUser: introspection over HTTP and gRPC, access decisions,
// and the headers of the API behind the gateway (RFC 9700 §4.15.1).
func TestN8_2_EveryReaderCanTellAServiceFromAUser(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := registerService(t, d, "vdo_client_n82")
		token := c.issue(t)
		subject := "svc_" + c.id
		a, err := d.Form("/oauth/introspect", url.Values{"token": {token}}, harness.ResourceID, harness.ResourcePW)
		expect.NoError(t, err)
		members := []string{"active", "aud", "client_id", "exp", "iat", "iss", "scope", "sub", "token_kind", "token_type", "username", "workspace_id"}
		if diff := cmp.Diff(members, slices.Sorted(maps.Keys(a.Body))); diff != "" {
			t.Errorf("members: %s", diff)
		}
		for member, value := range map[string]string{
			"sub": subject, "username": subject, "client_id": c.id, "token_kind": "service", "workspace_id": "ws_acme", "scope": serviceScope,
		} {
			expect.Equal(t, member, a.Text(member), value)
		}
		conn, err := d.Dial("video-api", "token")
		expect.NoError(t, err)
		defer conn.Close()
		res, err := tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: token})
		expect.NoError(t, err)
		expect.Equal(t, "kind", res.GetKind(), tokenv1.TokenKind_TOKEN_KIND_SERVICE_TOKEN)
		expect.Equal(t, "token_kind over gRPC", res.GetTokenKind(), "service")
		expect.Equal(t, "sub over gRPC", res.GetSub(), subject)
		expect.Equal(t, "workspace_id over gRPC", res.GetWorkspaceId(), "ws_acme")
		expect.Equal(t, "plan", res.GetPlan(), "pro")
		batch, err := tokenv1.NewIntrospectionServiceClient(conn).BatchIntrospectTokens(t.Context(), &tokenv1.BatchIntrospectTokensRequest{Tokens: []string{token}})
		expect.NoError(t, err)
		expect.Equal(t, "kind in a batch", batch.GetAnswers()[0].GetKind(), tokenv1.TokenKind_TOKEN_KIND_SERVICE_TOKEN)
		decision, err := tokenv1.NewAccessServiceClient(conn).CheckAccess(t.Context(), &tokenv1.CheckAccessRequest{Token: token, Method: "GET", Path: "/v1/videos"})
		expect.NoError(t, err)
		expect.Equal(t, "kind of the decision", decision.GetAllowed().GetKind(), tokenv1.TokenKind_TOKEN_KIND_SERVICE_TOKEN)
		expect.Equal(t, "sub of the decision", decision.GetAllowed().GetSub(), subject)
		expect.Equal(t, "client of the decision", decision.GetAllowed().GetClientId(), c.id)

		user, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		a, err = d.Form("/oauth/introspect", url.Values{"token": {user.Access}}, harness.ResourceID, harness.ResourcePW)
		expect.NoError(t, err)
		expect.Equal(t, "token_kind of a user's token", a.Text("token_kind"), "user")
		if strings.HasPrefix(a.Text("sub"), "svc_") {
			t.Errorf("a user has the subject %s", a.Text("sub"))
		}
		printed, err := d.Operate(t.Context(), shared.Bins, "grants", "list", "--client", c.id)
		expect.NoError(t, err)
		if strings.Count(printed, subject) != 1 || !strings.Contains(printed, "ws_acme") {
			t.Errorf("grants list does not print the service once:\n%s", printed)
		}
	})
}

// TestN8_3_TheScopeIsThatOfTheRegistrationOrLess, and the plan of the workspace applies as to any
// OAuth token, from the moment of its change.
func TestN8_3_TheScopeIsThatOfTheRegistrationOrLess(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := registerService(t, d, "vdo_client_n83", "--workspace", "ws_doe")
		for asked, issued := range map[string]string{
			"": serviceScope, "export:write": "export:write", "export:write videos:read": "export:write videos:read",
			"  videos:read ": "videos:read", "openid videos:read": "videos:read", "openid": serviceScope,
		} {
			a, err := c.request("scope", asked)
			expect.NoError(t, err)
			wantServiceToken(t, a, issued)
		}
		token := c.issue(t)
		bearer := "Bearer " + token
		expect.Equal(t, "an endpoint of the plan", expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", bearer).Status, http.StatusOK)
		a := expect.Response(t, d, http.MethodPost, "/v1/videos/vid_1/export", "Authorization", bearer)
		expect.Equal(t, "an endpoint outside the plan", a.Code(), "plan_restricted")
		a = expect.Response(t, d, http.MethodDelete, "/v1/videos/vid_1", "Authorization", bearer)
		expect.Equal(t, "an endpoint outside the scope", a.Status == http.StatusForbidden || a.Status == http.StatusNotFound, true)
		_, err := d.Operate(t.Context(), shared.Bins, "workspaces", "set-plan", "ws_doe", "pro")
		expect.NoError(t, err)
		defer func() {
			_, err := d.Operate(context.WithoutCancel(t.Context()), shared.Bins, "workspaces", "set-plan", "ws_doe", "free")
			expect.NoError(t, err)
		}()
		a = expect.Response(t, d, http.MethodPost, "/v1/videos/vid_1/export", "Authorization", bearer)
		expect.Equal(t, "the same endpoint after the plan's change", a.Code() == "plan_restricted", false)
	})
}

// TestN8_4_ErrorsInBothDialects: a client that is not registered for the grant type, public or
// confidential, is unauthorized_client; a scope beyond its registration is refused by name.
func TestN8_4_ErrorsInBothDialects(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := registerService(t, d, "vdo_client_n84")
		for name, row := range map[string]struct {
			id, secret, parameter, value string
			status                       int
			documented, rfc, says        string
		}{
			"a wrong secret":         {c.id, "vdo_secret_wrong", "", "", 401, "authentication_error", "invalid_client", ""},
			"no secret":              {c.id, "", "", "", 401, "authentication_error", "invalid_client", ""},
			"an unknown client":      {"vdo_client_nobody", "x", "", "", 401, "authentication_error", "invalid_client", ""},
			"a public client":        {harness.PublicID, "", "", "", 400, "unauthorized_client", "unauthorized_client", ""},
			"not enabled":            {harness.ConfidentialID, harness.ConfidentialPW, "", "", 400, "unauthorized_client", "unauthorized_client", ""},
			"a resource server":      {harness.ResourceID, harness.ResourcePW, "", "", 400, "unauthorized_client", "unauthorized_client", ""},
			"a scope it has not":     {c.id, c.secret, "scope", "videos:read analyze:write", 400, "invalid_scope", "invalid_scope", "analyze:write"},
			"a scope that is none":   {c.id, c.secret, "scope", "videos:raed", 400, "invalid_scope", "invalid_scope", "did you mean"},
			"a malformed scope":      {c.id, c.secret, "scope", "videos:read\texport:write", 400, "invalid_scope", "invalid_scope", "a tab"},
			"an unknown resource":    {c.id, c.secret, "resource", "https://other.test/", 400, "invalid_target", "invalid_target", "resource"},
			"a resource that is not": {c.id, c.secret, "resource", "/v1", 400, "invalid_target", "invalid_target", "absolute URI"},
			"an empty grant type":    {c.id, c.secret, "grant_type", "", 400, "invalid_request", "invalid_request", "grant_type"},
		} {
			body := map[string]any{"grant_type": "client_credentials", "client_id": row.id}
			form := url.Values{"grant_type": {"client_credentials"}, "client_id": {row.id}}
			if row.secret != "" {
				body["client_secret"] = row.secret
				form.Set("client_secret", row.secret)
			}
			if row.parameter != "" {
				body[row.parameter] = row.value
				form.Set(row.parameter, row.value)
			}
			documented, err := d.JSON("/oauth/token", body)
			expect.NoError(t, err)
			standard, err := d.Form("/oauth/token", form)
			expect.NoError(t, err)
			if documented.Status != row.status || documented.Code() != row.documented || !strings.Contains(documented.Message(), row.says) {
				t.Errorf("%s: %d %s, want %d %s", name, documented.Status, documented.Raw, row.status, row.documented)
			}
			if standard.Status != row.status || standard.Text("error") != row.rfc || !strings.Contains(standard.Text("error_description"), row.says) {
				t.Errorf("%s: %d %s, want %d %s", name, standard.Status, standard.Raw, row.status, row.rfc)
			}
			expect.NoStore(t, documented)
			expect.NoStore(t, standard)
		}
	})
}

// TestN8_5_DisablingEndsTheTokensEverywhere while the client requests more of them: when the command
// returns, no token that was returned before or is returned later is active, over HTTP and at the API.
func TestN8_5_DisablingEndsTheTokensEverywhere(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := registerService(t, d, "vdo_client_n85")
		for range 2 {
			before := c.issue(t)
			expect.Active(t, d, before, true)
			requests := harness.Repeat(8, func() (harness.Response, error) { return c.request() })
			requests = append(requests, func() (harness.Response, error) {
				_, err := d.Operate(t.Context(), shared.Bins, "clients", "disable", c.id, "--yes")
				return harness.Response{}, err
			})
			responses, err := harness.Concurrently(requests...)
			expect.NoError(t, err)
			tokens := []string{before}
			for _, a := range responses {
				if a.Status == http.StatusOK {
					tokens = append(tokens, a.Text("access_token"))
				}
			}
			for _, token := range tokens {
				expect.Active(t, d, token, false)
				expect.Equal(t, "status at the API", expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+token).Status, http.StatusUnauthorized)
			}
			a, err := c.request()
			expect.NoError(t, err)
			expect.Equal(t, "error of a disabled client", a.Text("error"), "invalid_client")
			_, err = d.Operate(t.Context(), shared.Bins, "clients", "enable", c.id)
			expect.NoError(t, err)
			for _, token := range tokens {
				expect.Active(t, d, token, false)
			}
			expect.Active(t, d, c.issue(t), true)
		}
	})
}

// TestN8_5_LeavingTheWorkspaceEndsTheTokensAndRotatingDoesNot: a rotation says which tokens it
// leaves, and by which command they end.
func TestN8_5_LeavingTheWorkspaceEndsTheTokensAndRotatingDoesNot(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := registerService(t, d, "vdo_client_n85b")
		token := c.issue(t)
		printed, err := d.Operate(t.Context(), shared.Bins, "clients", "rotate-secret", c.id, "--overlap", "0s")
		expect.NoError(t, err)
		a, err := c.request()
		expect.NoError(t, err)
		expect.Equal(t, "error with the previous secret", a.Text("error"), "invalid_client")
		expect.Active(t, d, token, true)
		c.secret = strings.TrimSpace(printed)
		_, err = d.Operate(t.Context(), shared.Bins, "clients", "update", c.id, "--workspace", "ws_doe")
		if err == nil {
			t.Error("the workspace of a client was changed")
		}
		_, err = d.Operate(t.Context(), shared.Bins, "clients", "remove-from-workspace", c.id, "--yes")
		expect.NoError(t, err)
		expect.Active(t, d, token, false)
		a, err = c.request()
		expect.NoError(t, err)
		expect.Equal(t, "error without a workspace", a.Text("error"), "unauthorized_client")
		_, err = d.Operate(t.Context(), shared.Bins, "clients", "update", c.id, "--workspace", "ws_doe")
		expect.NoError(t, err)
		expect.Active(t, d, token, false)
		next := c.issue(t)
		a, err = d.Form("/oauth/introspect", url.Values{"token": {next}}, harness.ResourceID, harness.ResourcePW)
		expect.NoError(t, err)
		expect.Equal(t, "the new workspace", a.Text("workspace_id"), "ws_doe")
		_, err = d.Form("/oauth/revoke", url.Values{"token": {next}})
		expect.NoError(t, err)
		expect.Active(t, d, next, false)
	})
}
