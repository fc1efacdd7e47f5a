package activity

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// openID provokes the refusals of OpenID Connect.
func (w *walk) openID() {
	c := w.client(func(r *authzv1.CreateClientRequest) {
		r.Scopes, r.PostLogoutRedirectUris = []string{"openid", "videos:read"}, []string{"https://yourapp.com/signed-out"}
	})
	silent := func(cause string) {
		w.t.Helper()
		w.open(cause, w.john, harness.Request{ClientID: c.id, Scope: "openid videos:read"}.Path()+"&prompt=none")
	}
	silent("consent_required")
	tokens := w.issue(c, "openid videos:read")
	w.d.RecordSecret("id_token", tokens.Text("id_token"))
	_, err := w.john.Approve(harness.Request{ClientID: c.id, Scope: "openid videos:read", Workspace: "ws_doe"})
	expect.NoError(w.t, err)
	silent("interaction_required")
	w.get("userinfo_scope", "/oauth/userinfo", "Authorization", "Bearer "+w.issue(c, "videos:read").Text("access_token"))
	verifier := harness.NewVerifier()
	code := w.approve(harness.Request{ClientID: c.id, Scope: "openid videos:read", Verifier: verifier, Resource: otherResource})
	elsewhere, err := w.d.Form("/oauth/token", values(c.with(
		"grant_type", "authorization_code", "code", code, "redirect_uri", harness.CallbackURI, "code_verifier", verifier)))
	expect.NoError(w.t, err)
	expect.Equal(w.t, "scope of the token for another resource", elsewhere.Text("scope"), "openid videos:read")
	w.get("access_token_other_resource", "/oauth/userinfo", "Authorization", "Bearer "+elsewhere.Text("access_token"))
	w.get("access_token_missing", "/oauth/userinfo")
	w.get("access_token_inactive", "/oauth/userinfo", "Authorization", "Bearer "+secretOf("vdo_oat_"))
	w.get("logout_uri_not_registered", "/oauth/logout?"+url.Values{
		"id_token_hint": {tokens.Text("id_token")}, "post_logout_redirect_uri": {"https://yourapp.com/signed-out/"},
	}.Encode())
}

// api provokes the refusals of the API and of the user API.
func (w *walk) api() {
	c := w.client(nil)
	access := w.issue(c, "videos:read").Text("access_token")
	w.get("scope_insufficient", "/v1/usage", "Authorization", "Bearer "+access)
	verifier := harness.NewVerifier()
	narrow := harness.Request{ClientID: c.id, Scope: "videos:read", Verifier: verifier, Resource: otherResource}
	issued, err := w.d.Form("/oauth/token", values(c.with(
		"grant_type", "authorization_code", "code", w.approve(narrow), "redirect_uri", harness.CallbackURI, "code_verifier", verifier)))
	expect.NoError(w.t, err)
	w.get("access_token_other_resource", "/v1/videos", "Authorization", "Bearer "+issued.Text("access_token"))
	key := func(req *tokenv1.CreateWorkspaceKeyRequest) string {
		w.t.Helper()
		res := as[*tokenv1.CreateWorkspaceKeyResponse](w.t, w.must(w.t, "operator", "token.v1.WorkspaceKeyService/CreateWorkspaceKey", req))
		w.d.RecordSecret("api key", res.GetKey())
		return res.GetKey()
	}
	w.get("api_key_address", "/v1/videos", "Authorization", "Bearer "+key(&tokenv1.CreateWorkspaceKeyRequest{
		WorkspaceId: "ws_acme", Name: "elsewhere", AllowedAddresses: []string{"203.0.113.0/24"},
	}))
	res, err := w.d.Call(http.MethodPost, "/v1/videos/v1/export", "Authorization", "Bearer "+key(&tokenv1.CreateWorkspaceKeyRequest{WorkspaceId: "ws_doe", Name: "free"}))
	w.refused("plan_restricted", res.Header, err)

	const users = "/api/v1/user"
	authenticated, err := w.d.UserAPI(http.MethodPost, users+"/authenticate", "", `{"emailAddress":"john.doe@gmail.com","password":"examplepassword"}`)
	expect.NoError(w.t, err)
	token := strings.Trim(authenticated.Raw, "\"\n")
	w.d.RecordSecret("user token", token)
	seen, err := w.d.UserAPI(http.MethodGet, users+"/nobody%40example.com?userPartsToFetch=BasicInfo", token, "")
	w.refused("user_not_visible", seen.Header, err)
	_, err = w.d.UserAPI(http.MethodPost, users+"/logout", token, "")
	expect.NoError(w.t, err)
	seen, err = w.d.UserAPI(http.MethodGet, users+"/nobody%40example.com?userPartsToFetch=BasicInfo", token, "")
	w.refused("user_token_expired", seen.Header, err)
}

// pages provokes the refusals of a decision.
func (w *walk) pages() {
	const admin = "authz.v1.AdministrationService/"
	c := w.client(nil)
	request := harness.Request{ClientID: c.id, Scope: "videos:read"}
	w.open("authorization_unknown", w.john, "/consent?request="+harness.NewVerifier())
	other := w.d.NewBrowser()
	expect.NoError(w.t, other.SignInAs(harness.EstherEmail))
	w.consent(other, request) // so that it has the cookie of a browser
	page := w.consent(w.john, request)
	w.open("authorization_other_browser", other, page.URL)
	w.decide("workspace_forbidden", w.john, page, "ws_none", "approve")
	_, err := w.john.Decide(page, "ws_acme", "deny")
	expect.NoError(w.t, err)
	w.decide("authorization_decided", w.john, page, "ws_acme", "approve")

	page = w.consent(w.john, request)
	w.issue(c, "videos:read")
	_, err = w.john.Disconnect(c.id)
	expect.NoError(w.t, err)
	w.decide("authorization_stale", w.john, page, "ws_acme", "approve")

	page = w.consent(w.john, request)
	w.must(w.t, "operator", admin+"UpdateClient", &authzv1.UpdateClientRequest{ClientId: c.id, RedirectUris: []string{"https://b.example/cb"}})
	w.decide("authorization_client_changed", w.john, page, "ws_acme", "approve")

	c = w.client(nil)
	request.ClientID = c.id
	page = w.consent(w.john, request)
	policy := func(p consentv1.AppPolicy) {
		w.must(w.t, "gateway", "consent.v1.WorkspaceService/SetWorkspacePolicy", &consentv1.SetWorkspacePolicyRequest{SessionToken: w.session, WorkspaceId: "ws_doe", Policy: p})
	}
	policy(consentv1.AppPolicy_APP_POLICY_NOBODY)
	w.decide("workspace_policy", w.john, page, "ws_doe", "approve")
	policy(consentv1.AppPolicy_APP_POLICY_ANYONE)
	expires := w.consent(w.john, request)
	w.after(31*time.Minute, func() { w.open("authorization_expired", w.john, expires.URL) })
}

// drafts provokes the refusals of clients that not every user may connect.
func (w *walk) drafts() {
	const console, review = "authz.v1.ConsoleService/", "authz.v1.ReviewService/ReviewClient"
	created := as[*authzv1.CreateAppResponse](w.t, w.must(w.t, "gateway", console+"CreateApp", &authzv1.CreateAppRequest{
		SessionToken: w.session, WorkspaceId: "ws_doe", Client: &authzv1.CreateClientRequest{
			Name: "Draft", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, RedirectUris: []string{harness.CallbackURI}, Scopes: []string{"videos:read"},
		},
	}))
	w.d.RecordSecret("client_secret", created.GetClientSecret())
	draft := registered{created.GetApp().GetRegistration().GetClient().GetClientId(), created.GetClientSecret()}
	esther := w.d.NewBrowser()
	expect.NoError(w.t, esther.SignInAs(harness.EstherEmail))
	request := harness.Request{ClientID: draft.id, Scope: "videos:read"}
	page, err := esther.Get(request.Path())
	expect.NoError(w.t, err)
	w.open("client_not_live", esther, page.Location())

	reviewed := func(verdict authzv1.ReviewVerdict) {
		w.must(w.t, "operator", review, &authzv1.ReviewClientRequest{ClientId: draft.id, Verdict: verdict})
	}
	w.must(w.t, "gateway", console+"SubmitApp", &authzv1.SubmitAppRequest{SessionToken: w.session, ClientId: draft.id})
	reviewed(authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE)
	w.approve(request)
	w.decide("client_people_limit", esther, w.consent(esther, request), "ws_acme", "approve")
	w.must(w.t, "operator", "token.v1.EndingService/SuspendClient", &tokenv1.SuspendClientRequest{ClientId: draft.id, Note: "Stop"})
	w.form("client_suspended", "/oauth/introspect", draft.with("token", "x")...)

	registration, err := w.d.JSON("/oauth/register", map[string]any{"client_name": "Full", "redirect_uris": []string{harness.CallbackURI}, "scope": "videos:read"})
	expect.NoError(w.t, err)
	w.d.RecordSecret("client_secret", registration.Text("client_secret"))
	w.d.RecordSecret("registration_access_token", registration.Text("registration_access_token"))
	request.ClientID = registration.Text("client_id")
	w.approve(request)
	w.decide("client_full", esther, w.consent(esther, request), "ws_acme", "approve")
}
