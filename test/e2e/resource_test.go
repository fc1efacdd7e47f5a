package e2e

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestRFC9728_AClientFindsItsWayFromTheChallengeToAToken as MCP clients do: the challenge, the
// metadata of the resource, that of the authorization server, and a request for the resource.
func TestRFC9728_AClientFindsItsWayFromTheChallengeToAToken(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		a := expect.Response(t, d, http.MethodGet, "/v1/videos")
		metadata := d.PublicURL + "/.well-known/oauth-protected-resource/v1"
		expect.Equal(t, "challenge", a.Header.Get("WWW-Authenticate"), `Bearer scope="videos:read", resource_metadata="`+metadata+`"`)
		a = expect.Response(t, d, http.MethodGet, "/.well-known/oauth-protected-resource/v1")
		resource := a.Text("resource")
		expect.Equal(t, "resource", resource, d.PublicURL+"/v1")
		if diff := cmp.Diff([]any{d.PublicURL}, a.Body["authorization_servers"]); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"videos:read"}, a.Body["scopes_supported"]); diff != "" {
			t.Error(diff)
		}
		expect.Equal(t, "issuer", expect.Response(t, d, http.MethodGet, "/.well-known/oauth-authorization-server").Text("issuer"), d.PublicURL)

		tokens, err := d.Issue(d.NewBrowser(), harness.Request{Scope: "videos:read", Resource: resource + "/"})
		expect.NoError(t, err)
		refreshed, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "resource": {resource, resource}},
			harness.ConfidentialID, harness.ConfidentialPW)
		expect.NoError(t, err)
		for _, access := range []string{tokens.Access, refreshed.Text("access_token")} {
			expect.Equal(t, "status", expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+access).Status, http.StatusOK)
			a, err := d.Form("/oauth/introspect", url.Values{"token": {access}}, harness.ResourceID, harness.ResourcePW)
			expect.NoError(t, err)
			if diff := cmp.Diff([]any{resource}, a.Body["aud"]); diff != "" {
				t.Errorf("aud: %s", diff)
			}
			conn, err := d.Dial("video-api", "token")
			expect.NoError(t, err)
			res, err := tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: access})
			expect.NoError(t, err)
			if diff := cmp.Diff([]string{resource}, res.GetAud()); diff != "" {
				t.Errorf("aud over gRPC: %s", diff)
			}
			expect.NoError(t, conn.Close())
		}
	})
}

// TestRFC8707_2_AnUnknownResourceIsAnInvalidTarget at each endpoint that reads the parameter, in
// both dialects; the refresh token stays valid.
func TestRFC8707_2_AnUnknownResourceIsAnInvalidTarget(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		answer, err := b.Follow(b.Get(harness.Request{Resource: "https://other.test/mcp"}.Path()))
		expect.NoError(t, err)
		expect.Equal(t, "error", answer.Query().Get("error"), "invalid_target")
		expect.Equal(t, "state", answer.Query().Get("state"), "random_csrf_token")

		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		request := map[string]any{
			"grant_type": "refresh_token", "refresh_token": tokens.Refresh, "client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW,
		}
		for _, resource := range []any{"https://other.test/mcp", []string{d.PublicURL + "/v1", "https://other.test/mcp"}, "/v1"} {
			request["resource"] = resource
			a, err := d.JSON("/oauth/token", request)
			expect.NoError(t, err)
			expect.Equal(t, "status", a.Status, http.StatusBadRequest)
			expect.Equal(t, "code", a.Code(), "invalid_target")
		}
		form, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "resource": {"https://other.test/"}},
			harness.ConfidentialID, harness.ConfidentialPW)
		expect.NoError(t, err)
		expect.Equal(t, "error", form.Text("error"), "invalid_target")
		request["resource"] = d.PublicURL + "/v1"
		a, err := d.JSON("/oauth/token", request)
		expect.NoError(t, err)
		expect.Equal(t, "status of the right resource", a.Status, http.StatusOK)
	})
}
