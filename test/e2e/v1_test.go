package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestDocument000_Step5 sends the printed request: GET /v1/videos with the flow's access token.
func TestDocument000_Step5(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		a := expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+tokens.Access)
		expect.Equal(t, "status", a.Status, http.StatusOK)
		if a.Body["data"] == nil {
			t.Errorf("the response has no videos: %s", a.Raw)
		}
	})
}

// TestDocument002_InsufficientScopeVerbatim checks the printed error response, word for word.
func TestDocument002_InsufficientScopeVerbatim(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{Scope: "videos:read analyze:write"})
		expect.NoError(t, err)
		a := expect.Response(t, d, http.MethodPost, "/v1/videos/vid_1/export", "Authorization", "Bearer "+tokens.Access)
		expect.Equal(t, "status", a.Status, http.StatusForbidden)
		expect.Equal(t, "code", a.Code(), "insufficient_scope")
		expect.Equal(t, "message", a.Message(), `This action requires the "export:write" scope. Your token has: videos:read, analyze:write`)
		expect.Equal(t, "challenge", a.Header.Get("WWW-Authenticate"), `Bearer error="insufficient_scope", scope="export:write videos:read analyze:write", `+
			`resource_metadata="`+d.PublicURL+`/.well-known/oauth-protected-resource/v1", `+
			`error_description="This action requires the 'export:write' scope. Your token has: videos:read, analyze:write"`)
	})
}

// TestCase33_TheAPIDeniesTheTokenOnceDisconnectingHasReturned: as soon as the push of the
// revocation has reached the gateway.
func TestCase33_TheAPIDeniesTheTokenOnceDisconnectingHasReturned(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		for range 3 { // so that the gateway caches it
			expect.Equal(t, "status before", expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+tokens.Access).Status, http.StatusOK)
		}
		_, err = b.Disconnect(harness.ConfidentialID)
		expect.NoError(t, err)
		expect.Eventually(t, "the gateway denies", func() bool {
			return expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+tokens.Access).Status == http.StatusUnauthorized
		})
	})
}

// TestCase81_BearerOnlyInTheHeader, and never two of them (case 77).
func TestCase81_BearerOnlyInTheHeader(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		bearer := "Bearer " + tokens.Access
		for name, a := range map[string]harness.Response{
			"query":          expect.Response(t, d, http.MethodGet, "/v1/videos?access_token="+tokens.Access),
			"cookie":         expect.Response(t, d, http.MethodGet, "/v1/videos", "Cookie", "access_token="+tokens.Access),
			"another header": expect.Response(t, d, http.MethodGet, "/v1/videos", "X-Access-Token", tokens.Access, "X-Api-Key", tokens.Access),
			"a proxy's":      expect.Response(t, d, http.MethodGet, "/v1/videos", "Proxy-Authorization", bearer),
			"hop by hop":     expect.Response(t, d, http.MethodGet, "/v1/videos", "Connection", "Authorization"),
			"two headers":    expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", bearer, "Authorization", bearer),
			"two in one":     expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", bearer+", "+bearer),
			"Basic":          expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Basic "+tokens.Access),
			"upper case":     expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", strings.ToUpper(bearer)),
			"a refresh":      expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+tokens.Refresh),
		} {
			if a.Status != http.StatusUnauthorized || a.Code() != "authentication_error" || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s: %d %s %q", name, a.Status, a.Raw, a.Header.Get("WWW-Authenticate"))
			}
		}
		expect.Equal(t, "status for the header", expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "bearer "+tokens.Access).Status, http.StatusOK)
	})
}

// TestWire6_OnlyTheTokensIdentityGoesUpstream: identity headers that a client sends are
// removed.
func TestWire6_OnlyTheTokensIdentityGoesUpstream(t *testing.T) {
	d := shared.Processes()
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
	a := expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+tokens.Access, "Usher-Subject", "usr_root",
		"Usher_Workspace_Id", "ws_doe", "Usher-Admin", "yes", "Cookie", "a=b", "Connection", "Usher-Client-Id")
	for name, value := range map[string]string{
		"Subject": "usr_john", "Client-Id": harness.ConfidentialID, "Workspace-Id": "ws_acme",
		"Scope": "videos:read analyze:write jobs:read", "Token-Kind": "access_token",
	} {
		expect.Equal(t, name+" upstream", strings.Join(a.Header.Values("Saw-Usher-"+name), "|"), value)
	}
	for _, name := range []string{"Authorization", "Cookie", "Usher-Admin", "Usher_Workspace_Id"} {
		expect.Equal(t, name+" upstream", a.Header.Get("Saw-"+name), "")
	}
}
