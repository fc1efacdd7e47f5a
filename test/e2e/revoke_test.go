package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestRFC7009_2_2_AlwaysOKWhateverTheTokenMeans: docs/security-cases.md 65.
func TestRFC7009_2_2_AlwaysOKWhateverTheTokenMeans(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, token := range []string{"x", "vdo_oat_nope", "vdo_ort_nope", strings.Repeat("y", 10_000), "vdo_live_example", "\"<>&"} {
			a, err := d.JSON("/oauth/revoke", map[string]any{"token": token})
			expect.NoError(t, err)
			if a.Status != http.StatusOK || len(a.Body) != 0 {
				t.Errorf("%.20s: %d %s", token, a.Status, a.Raw)
			}
			expect.NoStore(t, a)
		}
		for _, token := range []any{nil, "", 1} {
			a, err := d.JSON("/oauth/revoke", map[string]any{"token": token})
			expect.NoError(t, err)
			expect.Failure(t, a, http.StatusBadRequest, "invalid_request", "")
		}
		for _, hint := range []any{nil, "", "access_token", "refresh_token", "bogus"} {
			for _, kind := range []string{"access", "refresh"} {
				tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
				expect.NoError(t, err)
				token := map[string]string{"access": tokens.Access, "refresh": tokens.Refresh}[kind]
				body := map[string]any{"token": token}
				if hint != nil {
					body["token_type_hint"] = hint
				}
				a, err := d.JSON("/oauth/revoke", body)
				expect.NoError(t, err)
				expect.Equal(t, "status", a.Status, http.StatusOK)
				expect.Active(t, d, tokens.Access, false)
				if kind == "refresh" {
					refreshed, err := d.Refresh(tokens.Refresh)
					expect.NoError(t, err)
					expect.Equal(t, "refresh after revocation", refreshed.Status, http.StatusUnauthorized)
				}
			}
		}
	})
}

// TestCase67_OneClientCannotRevokeAnothers: the response is 200 or an error, and the token stays
// active.
func TestCase67_OneClientCannotRevokeAnothers(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		for _, token := range []string{tokens.Access, tokens.Refresh} {
			for _, who := range []map[string]any{
				{"client_id": harness.ResourceID, "client_secret": harness.ResourcePW}, {"client_id": harness.PublicID},
			} {
				who["token"] = token
				a, err := d.JSON("/oauth/revoke", who)
				expect.NoError(t, err)
				expect.Equal(t, "status", a.Status, http.StatusOK)
			}
			a, err := d.Form("/oauth/revoke", url.Values{"token": {token}}, harness.ResourceID, harness.ResourcePW)
			expect.NoError(t, err)
			expect.Equal(t, "status with Basic", a.Status, http.StatusOK)
			a, err = d.JSON("/oauth/revoke", map[string]any{"token": token, "client_id": harness.ConfidentialID, "client_secret": "nope"})
			expect.NoError(t, err)
			expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadClient)
		}
		expect.Active(t, d, tokens.Access, true)
		a, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
	})
}

// TestCase68_RefreshTokenTakesItsFamilyAlong: revoking a current or rotated refresh token revokes
// its token family; revoking an access token revokes it alone; other families stay active.
func TestCase68_RefreshTokenTakesItsFamilyAlong(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for _, which := range []string{"current", "rotated"} {
			first, err := d.Issue(b, harness.Request{})
			expect.NoError(t, err)
			other, err := d.Issue(b, harness.Request{Workspace: "ws_doe"})
			expect.NoError(t, err)
			second, err := d.Refresh(first.Refresh)
			expect.NoError(t, err)
			expect.Tokens(t, second, harness.FullScope)
			token := map[string]string{"current": second.Text("refresh_token"), "rotated": first.Refresh}[which]
			_, err = d.JSON("/oauth/revoke", map[string]any{"token": token})
			expect.NoError(t, err)
			expect.Active(t, d, first.Access, false)
			expect.Active(t, d, second.Text("access_token"), false)
			a, err := d.Refresh(second.Text("refresh_token"))
			expect.NoError(t, err)
			expect.Equal(t, "refreshing a revoked family", a.Status, http.StatusUnauthorized)
			expect.Active(t, d, other.Access, true)
		}
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		_, err = d.JSON("/oauth/revoke", map[string]any{"token": tokens.Access})
		expect.NoError(t, err)
		expect.Active(t, d, tokens.Access, false)
		a, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
	})
}

// TestCase69_PublicClientsCanRevokeToo, with or without their client_id.
func TestCase69_PublicClientsCanRevokeToo(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, extra := range []map[string]any{{"client_id": harness.PublicID}, {}, {"token_type_hint": "access_token"}} {
			r := harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()}
			tokens, err := d.Issue(d.NewBrowser(), r)
			expect.NoError(t, err)
			extra["token"] = tokens.Refresh
			a, err := d.JSON("/oauth/revoke", extra)
			expect.NoError(t, err)
			expect.Equal(t, "status", a.Status, http.StatusOK)
			expect.Active(t, d, tokens.Access, false)
		}
	})
}

// TestCase70_RevocationOnlyByPOST: a link, a script tag or a method override revokes nothing.
func TestCase70_RevocationOnlyByPOST(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		for _, query := range []string{"?token=" + tokens.Access, "?token=" + tokens.Access + "&callback=x"} {
			req, err := http.NewRequest(http.MethodGet, d.PublicURL+"/oauth/revoke"+query, nil)
			expect.NoError(t, err)
			a, err := harness.Send(req)
			expect.NoError(t, err)
			expect.Equal(t, "status of a GET", a.Status, http.StatusMethodNotAllowed)
		}
		a, err := d.Form("/oauth/revoke?token="+tokens.Access, url.Values{})
		expect.NoError(t, err)
		expect.Equal(t, "a token in the query only", a.Status, http.StatusBadRequest)
		expect.Active(t, d, tokens.Access, true)
		req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/revoke", strings.NewReader(url.Values{"token": {tokens.Access}}.Encode()))
		expect.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-HTTP-Method-Override", "GET")
		a, err = harness.Send(req)
		expect.NoError(t, err)
		expect.Equal(t, "an overridden method", a.Status, http.StatusOK)
		expect.Active(t, d, tokens.Access, false)
	})
}
