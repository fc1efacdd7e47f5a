package e2e

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/harness"
)

// TestRFC9728_AClientFindsItsWayFromTheChallengeToAToken as MCP clients do: the challenge, the
// metadata of the resource, that of the authorization server, and a request for the resource.
func TestRFC9728_AClientFindsItsWayFromTheChallengeToAToken(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		a := call(t, d, http.MethodGet, "/v1/videos")
		metadata := d.PublicURL + "/.well-known/oauth-protected-resource/v1"
		want(t, "challenge", a.Header.Get("WWW-Authenticate"), `Bearer scope="videos:read", resource_metadata="`+metadata+`"`)
		a = call(t, d, http.MethodGet, "/.well-known/oauth-protected-resource/v1")
		resource := a.Text("resource")
		want(t, "resource", resource, d.PublicURL+"/v1")
		if diff := cmp.Diff([]any{d.PublicURL}, a.Body["authorization_servers"]); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]any{"videos:read"}, a.Body["scopes_supported"]); diff != "" {
			t.Error(diff)
		}
		want(t, "issuer", call(t, d, http.MethodGet, "/.well-known/oauth-authorization-server").Text("issuer"), d.PublicURL)

		tokens, err := d.Issue(d.NewBrowser(), harness.Request{Scope: "videos:read", Resource: resource + "/"})
		must(t, err)
		refreshed, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "resource": {resource, resource}},
			harness.ConfidentialID, harness.ConfidentialPW)
		must(t, err)
		for _, access := range []string{tokens.Access, refreshed.Text("access_token")} {
			want(t, "status", call(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+access).Status, http.StatusOK)
			a, err := d.Form("/oauth/introspect", url.Values{"token": {access}}, harness.ResourceID, harness.ResourcePW)
			must(t, err)
			if diff := cmp.Diff([]any{resource}, a.Body["aud"]); diff != "" {
				t.Errorf("aud: %s", diff)
			}
			conn, err := d.Dial("video-api", "token")
			must(t, err)
			res, err := tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: access})
			must(t, err)
			if diff := cmp.Diff([]string{resource}, res.GetAud()); diff != "" {
				t.Errorf("aud over gRPC: %s", diff)
			}
			must(t, conn.Close())
		}
	})
}

// TestRFC8707_2_AnUnknownResourceIsAnInvalidTarget at each endpoint that reads the parameter, in
// both dialects; the refresh token stays valid.
func TestRFC8707_2_AnUnknownResourceIsAnInvalidTarget(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		answer, err := b.Follow(b.Get(harness.Request{Resource: "https://other.test/mcp"}.Path()))
		must(t, err)
		want(t, "error", answer.Query().Get("error"), "invalid_target")
		want(t, "state", answer.Query().Get("state"), "random_csrf_token")

		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		request := map[string]any{
			"grant_type": "refresh_token", "refresh_token": tokens.Refresh, "client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW,
		}
		for _, resource := range []any{"https://other.test/mcp", []string{d.PublicURL + "/v1", "https://other.test/mcp"}, "/v1"} {
			request["resource"] = resource
			a, err := d.JSON("/oauth/token", request)
			must(t, err)
			want(t, "status", a.Status, http.StatusBadRequest)
			want(t, "code", a.Code(), "invalid_target")
		}
		form, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "resource": {"https://other.test/"}},
			harness.ConfidentialID, harness.ConfidentialPW)
		must(t, err)
		want(t, "error", form.Text("error"), "invalid_target")
		request["resource"] = d.PublicURL + "/v1"
		a, err := d.JSON("/oauth/token", request)
		must(t, err)
		want(t, "status of the right resource", a.Status, http.StatusOK)
	})
}
