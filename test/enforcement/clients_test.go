package enforcement

import (
	"net/http"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// oauthClient is a client that one test registers.
type oauthClient struct{ id, secret string }

func (o operatorClients) register(t *testing.T) oauthClient {
	t.Helper()
	res, err := o.clients.CreateClient(t.Context(), &authzv1.CreateClientRequest{
		Name: t.Name(), Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, RedirectUris: []string{harness.CallbackURI},
		Scopes: []string{"videos:read", "analyze:write", "jobs:read"}, GrantTypes: []string{"authorization_code", "refresh_token"},
	})
	expect.NoError(t, err)
	return oauthClient{res.GetRegistration().GetClient().GetClientId(), res.GetClientSecret()}
}

func (a oauthClient) request() harness.Request { return harness.Request{ClientID: a.id} }

// redeem exchanges a code as the client.
func (a oauthClient) redeem(t *testing.T, code string) harness.Response {
	t.Helper()
	res, err := shared.deployment.JSON("/oauth/token", map[string]any{
		"grant_type": "authorization_code", "code": code, "redirect_uri": harness.CallbackURI, "client_id": a.id, "client_secret": a.secret,
	})
	expect.NoError(t, err)
	return res
}

func (a oauthClient) refresh(t *testing.T, token string) harness.Response {
	t.Helper()
	res, err := shared.deployment.JSON("/oauth/token", map[string]any{
		"grant_type": "refresh_token", "refresh_token": token, "client_id": a.id, "client_secret": a.secret,
	})
	expect.NoError(t, err)
	return res
}

// issue runs the whole authorization code flow.
func (a oauthClient) issue(t *testing.T, b *harness.Browser) harness.Tokens {
	t.Helper()
	code, err := b.Approve(a.request())
	expect.NoError(t, err)
	res := a.redeem(t, code)
	wantStatus(t, res, http.StatusOK)
	return harness.Tokens{Access: res.Text("access_token"), Refresh: res.Text("refresh_token")}
}

// TestDisablingAnAppEndsEverythingOfItAndEnablingBringsNothingBack: its tokens of all users, an
// unredeemed code, an open consent page, its authentication.
func TestDisablingAnAppEndsEverythingOfItAndEnablingBringsNothingBack(t *testing.T) {
	o := newOperatorClients(t)
	a, other := o.register(t), o.register(t)
	browser := shared.deployment.NewBrowser()
	tokens, others := a.issue(t, browser), other.issue(t, browser)
	code, err := browser.Approve(a.request())
	expect.NoError(t, err)
	page, err := browser.Consent(a.request())
	expect.NoError(t, err)
	for range 2 { // disabling is idempotent
		_, err = o.revoker.DisableClient(t.Context(), &tokenv1.DisableClientRequest{ClientId: a.id})
		expect.NoError(t, err)
	}
	ended := func(when string) {
		t.Helper()
		if activeEverywhere(t, tokens.Access) {
			t.Errorf("%s, the client's access token is active", when)
		}
		wantStatus(t, a.refresh(t, tokens.Refresh), http.StatusUnauthorized)
		wantStatus(t, a.redeem(t, code), http.StatusUnauthorized)
	}
	ended("disabled")
	if start, err := browser.Get(a.request().Path()); err != nil || start.Status != http.StatusBadRequest {
		t.Errorf("a disabled client starts an authorization: %d, %v", start.Status, err)
	}
	if response, err := browser.Decide(page, "ws_acme", "approve"); err != nil || response.Query().Get("code") != "" {
		t.Errorf("an open consent page issues a code for a disabled client: %s, %v", response.Location(), err)
	}
	if !activeEverywhere(t, others.Access) {
		t.Error("another client's token was revoked too")
	}
	page, err = browser.Consent(other.request())
	expect.NoError(t, err)
	_, err = o.revoker.DisableClient(t.Context(), &tokenv1.DisableClientRequest{ClientId: other.id})
	expect.NoError(t, err)
	for _, c := range []oauthClient{a, other} {
		_, err = o.clients.EnableClient(t.Context(), &authzv1.EnableClientRequest{ClientId: c.id})
		expect.NoError(t, err)
	}
	ended("enabled again")
	if response, err := browser.Decide(page, "ws_acme", "approve"); err != nil || response.Query().Get("code") != "" {
		t.Errorf("a consent page from before its client was disabled issues a code: %s, %v", response.Location(), err)
	}
	if again := a.issue(t, browser); !activeEverywhere(t, again.Access) {
		t.Error("an enabled client's new token is not active")
	}
}
