package enforcement

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// send sends a request to the first gateway.
func send(t *testing.T, method, target, body string, headers ...string) harness.Response {
	t.Helper()
	req, err := http.NewRequest(method, shared.deployment.PublicURL+target, strings.NewReader(body))
	expect.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	a, err := harness.Send(req)
	expect.NoError(t, err)
	return a
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// userToken signs a user in at the user API.
func userToken(t *testing.T, email, password string) (string, int) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, shared.deployment.PublicURL+"/api/v1/user/authenticate",
		strings.NewReader(`{"emailAddress":"`+email+`","password":"`+password+`"}`))
	expect.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	a, status, err := harness.SendText(req)
	expect.NoError(t, err)
	token := strings.Trim(strings.TrimSpace(a), `"`)
	shared.deployment.RecordSecret("user token", token)
	return token, status
}

// TestCase77_TheBypassIsEarnedByLookUp and not by the prefix, and an API key is never combined with
// another credential.
func TestCase77_TheBypassIsEarnedByLookUp(t *testing.T) {
	key := apiKey(t, "ws_acme").GetKey()
	tokens, err := shared.deployment.Issue(shared.deployment.NewBrowser(), harness.Request{Scope: "videos:read"})
	expect.NoError(t, err)
	if a := send(t, http.MethodGet, "/v1/videos", "", bearer(key)...); a.Status != http.StatusOK {
		t.Fatalf("a real key: %d %s", a.Status, a.Raw)
	}
	body := strings.TrimPrefix(tokens.Access, "vdo_oat_")
	for name, headers := range map[string][]string{
		"the prefix": bearer("vdo_live_"), "a short one": bearer("vdo_live_x"), "an access token's body": bearer("vdo_live_" + body),
		"in upper case": bearer(strings.ToUpper(key)), "in X-Api-Key": {"X-Api-Key", key}, "in a cookie": {"Cookie", "api_key=" + key},
		"beside a token": append(bearer(key), bearer(tokens.Access)...), "in one header": {"Authorization", "Bearer " + key + ", Bearer " + tokens.Access},
		"as Basic": {"Authorization", "Basic " + key},
	} {
		if a := send(t, http.MethodPost, "/v1/videos/vid_1/export", "", headers...); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	if a := send(t, http.MethodGet, "/v1/videos?api_key="+url.QueryEscape(key), ""); a.Status != http.StatusUnauthorized {
		t.Errorf("in the query: %d %s", a.Status, a.Raw)
	}
}

// TestCase80_WhatAnAPIKeyMayNotDo: it is accepted by the API, and by none of Usher's own endpoints.
func TestCase80_WhatAnAPIKeyMayNotDo(t *testing.T) {
	d, key := shared.deployment, apiKey(t, "ws_acme").GetKey()
	for name, body := range map[string]map[string]any{
		"as a code":          {"grant_type": "authorization_code", "code": key, "redirect_uri": harness.CallbackURI, "client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW},
		"as a refresh token": {"grant_type": "refresh_token", "refresh_token": key, "client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW},
		"as a secret":        {"grant_type": "refresh_token", "refresh_token": "x", "client_id": harness.ConfidentialID, "client_secret": key},
	} {
		if a, err := d.JSON("/oauth/token", body); err != nil || a.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s %v", name, a.Status, a.Raw, err)
		}
	}
	active, err := d.Active(key)
	if err != nil || active {
		t.Errorf("introspection over HTTP reports a key: %t %v", active, err)
	}
	if a, err := d.JSON("/oauth/revoke", map[string]any{"token": key}); err != nil || a.Status != http.StatusOK {
		t.Errorf("revoking it: %d %v", a.Status, err)
	}
	if a := send(t, http.MethodGet, "/v1/videos", "", bearer(key)...); a.Status != http.StatusOK {
		t.Errorf("the revocation endpoint revoked a key: %d %s", a.Status, a.Raw)
	}
	if a := send(t, http.MethodGet, "/api/v1/user/john.doe@gmail.com", "", bearer(key)...); a.Status != http.StatusBadRequest || a.Text("name") != "InvalidAccessTokenException" {
		t.Errorf("the user API: %d %s", a.Status, a.Raw)
	}
	if a := send(t, http.MethodGet, "/account/connected-apps", "", bearer(key)...); a.Status != http.StatusSeeOther {
		t.Errorf("the account page: %d", a.Status)
	}
}

// TestCase55_EveryCredentialOnlyInItsOwnSlot: the API's enforcement surfaces and the user API
// refuse every other kind.
func TestCase55_EveryCredentialOnlyInItsOwnSlot(t *testing.T) {
	d := shared.deployment
	user, status := userToken(t, harness.JohnEmail, harness.UserPassword)
	if status != http.StatusOK {
		t.Fatalf("signing in at the user API: %d", status)
	}
	b := d.NewBrowser()
	tokens, err := d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	code, err := b.Approve(harness.Request{})
	expect.NoError(t, err)
	for name, check := range surfaces(t) {
		for what, credential := range map[string]string{
			"a user token": user, "a refresh token": tokens.Refresh, "a code": code, "a client secret": harness.ConfidentialPW,
		} {
			got, err := check(t.Context(), credential, http.MethodGet, "/v1/videos")
			if err != nil || got.status != http.StatusUnauthorized {
				t.Errorf("%s accepts %s: %+v %v", name, what, got, err)
			}
		}
	}
	for what, credential := range map[string]string{"an access token": tokens.Access, "a refresh token": tokens.Refresh, "a code": code} {
		if a := send(t, http.MethodGet, "/api/v1/user/john.doe@gmail.com", "", bearer(credential)...); a.Text("name") != "InvalidAccessTokenException" {
			t.Errorf("the user API accepts %s: %d %s", what, a.Status, a.Raw)
		}
	}
	a, err := d.Exchange(code, harness.Request{})
	expect.NoError(t, err)
	wantStatus(t, a, http.StatusOK) // nothing was consumed
}
