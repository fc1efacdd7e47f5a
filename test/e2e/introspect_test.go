package e2e

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestRFC7662_2_2_ActiveResponse: the response has exactly the documented members; never the e-mail
// address.
func TestRFC7662_2_2_ActiveResponse(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		for _, hint := range []string{"access_token", "refresh_token", "bogus"} {
			a, err := d.Form("/oauth/introspect", url.Values{"token": {tokens.Access}, "token_type_hint": {hint}}, harness.ResourceID, harness.ResourcePW)
			expect.NoError(t, err)
			members := []string{"active", "aud", "client_id", "exp", "iat", "iss", "name", "scope", "sub", "token_kind", "token_type", "username", "workspace_id"}
			if diff := cmp.Diff(members, slices.Sorted(maps.Keys(a.Body))); diff != "" {
				t.Errorf("members: %s", diff)
			}
			expect.Equal(t, "scope", a.Text("scope"), harness.FullScope)
			expect.Equal(t, "client_id", a.Text("client_id"), harness.ConfidentialID)
			expect.Equal(t, "username", a.Text("username"), a.Text("sub"))
			expect.Equal(t, "name", a.Text("name"), "John Doe")
			expect.Equal(t, "token_type", a.Text("token_type"), "Bearer")
			expect.Equal(t, "iss", a.Text("iss"), d.PublicURL)
			expect.Equal(t, "workspace_id", a.Text("workspace_id"), "ws_acme")
			exp, _ := a.Body["exp"].(float64)
			iat, _ := a.Body["iat"].(float64)
			expect.Equal(t, "lifetime in seconds", exp-iat, 3600)
			if now := float64(time.Now().Unix()); iat < now-60 || iat > now+5 {
				t.Errorf("iat is %v at %v", iat, now)
			}
			if strings.Contains(a.Raw, harness.JohnEmail) {
				t.Error("the response contains the e-mail address")
			}
		}
		a, err := d.JSON("/oauth/introspect", map[string]any{"token": tokens.Refresh, "client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW})
		expect.NoError(t, err)
		expect.Equal(t, "a refresh token to its own client", a.Body["active"], any(true))
		expect.Equal(t, "token_type of a refresh token", a.Text("token_type"), "")
	})
}

// TestCase71_NoAnonymousCallers: introspection requires the credentials of a confidential client.
func TestCase71_NoAnonymousCallers(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		const noSecret = "Introspection needs a confidential client"
		for _, row := range []struct {
			who     map[string]any
			message string
		}{
			{map[string]any{}, noSecret},
			{map[string]any{"client_id": harness.ResourceID}, noSecret},
			{map[string]any{"client_id": harness.PublicID}, noSecret},
			{map[string]any{"client_id": harness.ResourceID, "client_secret": "nope"}, expect.BadClient},
		} {
			row.who["token"] = tokens.Access
			a, err := d.JSON("/oauth/introspect", row.who)
			expect.NoError(t, err)
			expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", row.message)
		}
		req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/introspect", strings.NewReader(`{"token":"`+tokens.Access+`"}`))
		expect.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+tokens.Access)
		a, err := harness.Send(req)
		expect.NoError(t, err)
		expect.Equal(t, "the token itself as bearer", a.Status, http.StatusUnauthorized)
	})
}

// TestCase72_InactiveResponsesHaveNoOtherMember, and case 73: a token that the caller may not see
// is reported like one that does not exist.
func TestCase72_InactiveResponsesHaveNoOtherMember(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		theirs, err := d.Issue(b, harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()})
		expect.NoError(t, err)
		revoked, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		_, err = d.JSON("/oauth/revoke", map[string]any{"token": revoked.Access})
		expect.NoError(t, err)
		for name, c := range map[string]struct{ token, id, secret string }{
			"another client's access token":  {theirs.Access, harness.ConfidentialID, harness.ConfidentialPW},
			"another client's refresh token": {theirs.Refresh, harness.ConfidentialID, harness.ConfidentialPW},
			"refresh, resource server":       {tokens.Refresh, harness.ResourceID, harness.ResourcePW},
			"revoked":                        {revoked.Access, harness.ResourceID, harness.ResourcePW},
			"unknown":                        {"vdo_oat_nope", harness.ResourceID, harness.ResourcePW},
			"truncated":                      {tokens.Access[:len(tokens.Access)-1], harness.ResourceID, harness.ResourcePW},
			"an API key":                     {"vdo_live_example", harness.ResourceID, harness.ResourcePW},
			"a client secret":                {harness.ConfidentialPW, harness.ResourceID, harness.ResourcePW},
			"long":                           {strings.Repeat("x", 60_000), harness.ResourceID, harness.ResourcePW},
		} {
			a, err := d.JSON("/oauth/introspect", map[string]any{"token": c.token, "client_id": c.id, "client_secret": c.secret})
			expect.NoError(t, err)
			if diff := cmp.Diff(map[string]any{"active": false}, a.Body); diff != "" || a.Status != http.StatusOK {
				t.Errorf("%s: %d %s", name, a.Status, diff)
			}
		}
		a, err := d.JSON("/oauth/introspect", map[string]any{"client_id": harness.ResourceID, "client_secret": harness.ResourcePW})
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusBadRequest, "invalid_request", "")
	})
}

// TestWire4_3_GRPCIntrospection: the same members as typed fields, for resource servers with a
// certificate and for no other caller.
func TestWire4_3_GRPCIntrospection(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		conn, err := d.Dial("video-api", "token")
		expect.NoError(t, err)
		defer conn.Close()
		client := tokenv1.NewIntrospectionServiceClient(conn)
		res, err := client.IntrospectToken(context.Background(), &tokenv1.IntrospectTokenRequest{Token: tokens.Access})
		expect.NoError(t, err)
		expect.Equal(t, "active", res.GetActive(), true)
		expect.Equal(t, "kind", res.GetKind(), tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN)
		expect.Equal(t, "scope", res.GetScope(), harness.FullScope)
		expect.Equal(t, "client_id", res.GetClientId(), harness.ConfidentialID)
		expect.Equal(t, "username", res.GetUsername(), res.GetSub())
		expect.Equal(t, "name", res.GetName(), "John Doe")
		expect.Equal(t, "workspace_id", res.GetWorkspaceId(), "ws_acme")
		expect.Equal(t, "iss", res.GetIss(), d.PublicURL)
		expect.Equal(t, "lifetime", res.GetExp()-res.GetIat(), 3600)
		for _, inactive := range []string{tokens.Refresh, "x", "vdo_live_example"} {
			res, err := client.IntrospectToken(context.Background(), &tokenv1.IntrospectTokenRequest{Token: inactive})
			expect.NoError(t, err)
			if diff := cmp.Diff("", strings.TrimSpace(res.String())); diff != "" {
				t.Errorf("the response for an inactive token has members: %s", diff)
			}
		}
		_, err = client.IntrospectToken(context.Background(), &tokenv1.IntrospectTokenRequest{})
		expect.Equal(t, "code without a token", status.Code(err), codes.InvalidArgument)
		_, err = tokenv1.NewGrantServiceClient(conn).EndConnection(context.Background(), &tokenv1.EndConnectionRequest{UserId: "usr_x", ClientId: "x"})
		expect.Equal(t, "code of another service's RPC", status.Code(err), codes.PermissionDenied)
	})
}
