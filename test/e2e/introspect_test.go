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
	"github.com/vidocu/usher/test/harness"
)

// TestRFC7662_2_2_ActiveResponse: the response has exactly the documented members; never the e-mail
// address.
func TestRFC7662_2_2_ActiveResponse(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		must(t, err)
		for _, hint := range []string{"access_token", "refresh_token", "bogus"} {
			a, err := d.Form("/oauth/introspect", url.Values{"token": {tokens.Access}, "token_type_hint": {hint}}, harness.ResourceID, harness.ResourcePW)
			must(t, err)
			members := []string{"active", "aud", "client_id", "exp", "iat", "iss", "name", "scope", "sub", "token_kind", "token_type", "username", "workspace_id"}
			if diff := cmp.Diff(members, slices.Sorted(maps.Keys(a.Body))); diff != "" {
				t.Errorf("members: %s", diff)
			}
			want(t, "scope", a.Text("scope"), fullScope)
			want(t, "client_id", a.Text("client_id"), harness.ConfidentialID)
			want(t, "username", a.Text("username"), a.Text("sub"))
			want(t, "name", a.Text("name"), "John Doe")
			want(t, "token_type", a.Text("token_type"), "Bearer")
			want(t, "iss", a.Text("iss"), d.PublicURL)
			want(t, "workspace_id", a.Text("workspace_id"), "ws_acme")
			exp, _ := a.Body["exp"].(float64)
			iat, _ := a.Body["iat"].(float64)
			want(t, "lifetime in seconds", exp-iat, 3600)
			if now := float64(time.Now().Unix()); iat < now-60 || iat > now+5 {
				t.Errorf("iat is %v at %v", iat, now)
			}
			if strings.Contains(a.Raw, harness.JohnEmail) {
				t.Error("the response contains the e-mail address")
			}
		}
		a, err := d.JSON("/oauth/introspect", map[string]any{"token": tokens.Refresh, "client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW})
		must(t, err)
		want(t, "a refresh token to its own client", a.Body["active"], any(true))
		want(t, "token_type of a refresh token", a.Text("token_type"), "")
	})
}

// TestCase71_NoAnonymousCallers: introspection requires the credentials of a confidential client.
func TestCase71_NoAnonymousCallers(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		must(t, err)
		const noSecret = "Introspection needs a confidential client"
		for _, row := range []struct {
			who     map[string]any
			message string
		}{
			{map[string]any{}, noSecret},
			{map[string]any{"client_id": harness.ResourceID}, noSecret},
			{map[string]any{"client_id": harness.PublicID}, noSecret},
			{map[string]any{"client_id": harness.ResourceID, "client_secret": "nope"}, badClient},
		} {
			row.who["token"] = tokens.Access
			a, err := d.JSON("/oauth/introspect", row.who)
			must(t, err)
			wantFailure(t, a, http.StatusUnauthorized, "authentication_error", row.message)
		}
		req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/introspect", strings.NewReader(`{"token":"`+tokens.Access+`"}`))
		must(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+tokens.Access)
		a, err := harness.Send(req)
		must(t, err)
		want(t, "the token itself as bearer", a.Status, http.StatusUnauthorized)
	})
}

// TestCase72_InactiveResponsesHaveNoOtherMember, and case 73: a token that the caller may not see
// is reported like one that does not exist.
func TestCase72_InactiveResponsesHaveNoOtherMember(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		theirs, err := d.Issue(b, harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()})
		must(t, err)
		revoked, err := d.Issue(b, harness.Request{})
		must(t, err)
		_, err = d.JSON("/oauth/revoke", map[string]any{"token": revoked.Access})
		must(t, err)
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
			must(t, err)
			if diff := cmp.Diff(map[string]any{"active": false}, a.Body); diff != "" || a.Status != http.StatusOK {
				t.Errorf("%s: %d %s", name, a.Status, diff)
			}
		}
		a, err := d.JSON("/oauth/introspect", map[string]any{"client_id": harness.ResourceID, "client_secret": harness.ResourcePW})
		must(t, err)
		wantFailure(t, a, http.StatusBadRequest, "invalid_request", "")
	})
}

// TestWire4_3_GRPCIntrospection: the same members as typed fields, for resource servers with a
// certificate and for no other caller.
func TestWire4_3_GRPCIntrospection(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		must(t, err)
		conn, err := d.Dial("video-api", "token")
		must(t, err)
		defer conn.Close()
		client := tokenv1.NewIntrospectionServiceClient(conn)
		res, err := client.IntrospectToken(context.Background(), &tokenv1.IntrospectTokenRequest{Token: tokens.Access})
		must(t, err)
		want(t, "active", res.GetActive(), true)
		want(t, "kind", res.GetKind(), tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN)
		want(t, "scope", res.GetScope(), fullScope)
		want(t, "client_id", res.GetClientId(), harness.ConfidentialID)
		want(t, "username", res.GetUsername(), res.GetSub())
		want(t, "name", res.GetName(), "John Doe")
		want(t, "workspace_id", res.GetWorkspaceId(), "ws_acme")
		want(t, "iss", res.GetIss(), d.PublicURL)
		want(t, "lifetime", res.GetExp()-res.GetIat(), 3600)
		for _, inactive := range []string{tokens.Refresh, "x", "vdo_live_example"} {
			res, err := client.IntrospectToken(context.Background(), &tokenv1.IntrospectTokenRequest{Token: inactive})
			must(t, err)
			if diff := cmp.Diff("", strings.TrimSpace(res.String())); diff != "" {
				t.Errorf("the response for an inactive token has members: %s", diff)
			}
		}
		_, err = client.IntrospectToken(context.Background(), &tokenv1.IntrospectTokenRequest{})
		want(t, "code without a token", status.Code(err), codes.InvalidArgument)
		_, err = tokenv1.NewGrantServiceClient(conn).EndConnection(context.Background(), &tokenv1.EndConnectionRequest{UserId: "usr_x", ClientId: "x"})
		want(t, "code of another service's RPC", status.Code(err), codes.PermissionDenied)
	})
}
