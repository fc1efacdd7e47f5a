package enforcement

import (
	"net/http"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/harness"
)

// app is one of a test's own.
type app struct{ id, secret string }

func (o operator) register(t *testing.T) app {
	t.Helper()
	res, err := o.apps.CreateClient(t.Context(), &authzv1.CreateClientRequest{
		Name: t.Name(), Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, RedirectUris: []string{harness.CallbackURI},
		Scopes: []string{"videos:read", "analyze:write", "jobs:read"}, GrantTypes: []string{"authorization_code", "refresh_token"},
	})
	must(t, err)
	return app{res.GetRegistration().GetClient().GetClientId(), res.GetClientSecret()}
}

func (a app) request() harness.Request { return harness.Request{ClientID: a.id} }

// redeem exchanges a code as the app.
func (a app) redeem(t *testing.T, code string) harness.Response {
	t.Helper()
	res, err := shared.deployment.JSON("/oauth/token", map[string]any{
		"grant_type": "authorization_code", "code": code, "redirect_uri": harness.CallbackURI, "client_id": a.id, "client_secret": a.secret,
	})
	must(t, err)
	return res
}

func (a app) refresh(t *testing.T, token string) harness.Response {
	t.Helper()
	res, err := shared.deployment.JSON("/oauth/token", map[string]any{
		"grant_type": "refresh_token", "refresh_token": token, "client_id": a.id, "client_secret": a.secret,
	})
	must(t, err)
	return res
}

// issue goes through the whole flow.
func (a app) issue(t *testing.T, b *harness.Browser) harness.Tokens {
	t.Helper()
	code, err := b.Approve(a.request())
	must(t, err)
	res := a.redeem(t, code)
	wantStatus(t, res, http.StatusOK)
	return harness.Tokens{Access: res.Text("access_token"), Refresh: res.Text("refresh_token")}
}

// TestDisablingAnAppEndsEverythingOfItAndEnablingBringsNothingBack: its tokens of everybody, a code in flight, an open consent
// page, its secret.
func TestDisablingAnAppEndsEverythingOfItAndEnablingBringsNothingBack(t *testing.T) {
	o := newOperator(t)
	a, other := o.register(t), o.register(t)
	browser := shared.deployment.NewBrowser()
	tokens, others := a.issue(t, browser), other.issue(t, browser)
	code, err := browser.Approve(a.request())
	must(t, err)
	page, err := browser.Consent(a.request())
	must(t, err)
	for range 2 { // it may be repeated
		_, err = o.ends.DisableClient(t.Context(), &tokenv1.DisableClientRequest{ClientId: a.id})
		must(t, err)
	}
	ended := func(when string) {
		t.Helper()
		if activeEverywhere(t, tokens.Access) {
			t.Errorf("%s, its access token is active", when)
		}
		wantStatus(t, a.refresh(t, tokens.Refresh), http.StatusUnauthorized)
		wantStatus(t, a.redeem(t, code), http.StatusUnauthorized)
	}
	ended("disabled")
	if start, err := browser.Get(a.request().Path()); err != nil || start.Status != http.StatusBadRequest {
		t.Errorf("a disabled app starts an authorization: %d, %v", start.Status, err)
	}
	if answer, err := browser.Decide(page, "ws_acme", "approve"); err != nil || answer.Query().Get("code") != "" {
		t.Errorf("an open consent page outlives its app: %s, %v", answer.Location(), err)
	}
	if !activeEverywhere(t, others.Access) {
		t.Error("another app's token ended too")
	}
	page, err = browser.Consent(other.request())
	must(t, err)
	_, err = o.ends.DisableClient(t.Context(), &tokenv1.DisableClientRequest{ClientId: other.id})
	must(t, err)
	for _, app := range []app{a, other} {
		_, err = o.apps.EnableClient(t.Context(), &authzv1.EnableClientRequest{ClientId: app.id})
		must(t, err)
	}
	ended("enabled again")
	if answer, err := browser.Decide(page, "ws_acme", "approve"); err != nil || answer.Query().Get("code") != "" {
		t.Errorf("a consent page from before its app was disabled still counts: %s, %v", answer.Location(), err)
	}
	if again := a.issue(t, browser); !activeEverywhere(t, again.Access) {
		t.Error("an enabled app's new token is not active")
	}
}
