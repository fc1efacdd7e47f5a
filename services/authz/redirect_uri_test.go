package authz_test

import (
	"net/url"
	"strings"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth/oauthtest"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

// native is a registration with redirect URIs of a native client.
func native(uris ...string) *authzv1.CreateClientRequest {
	req := registration()
	req.Type, req.ApplicationType, req.RedirectUris = authzv1.ClientType_CLIENT_TYPE_PUBLIC, authzv1.ApplicationType_APPLICATION_TYPE_NATIVE, uris
	return req
}

// TestRFC9700_4_1_3_NoHostileAddressGetsAResponse, registered or requested: signed in and out, also
// with another error that would be redirected.
func TestRFC9700_4_1_3_NoHostileAddressGetsAResponse(t *testing.T) {
	b := newBench(t)
	id, _ := b.register(t, native(oauthtest.Victims()...))
	for _, uri := range oauthtest.Victims() {
		if step := b.start(t, authztest.NativeQuery("client_id", id, "redirect_uri", uri), "john"); step.GetConsent() == nil {
			t.Errorf("%q leads to %v", uri, step)
		}
	}
	for _, uri := range oauthtest.HostileRedirectURIs() {
		for _, change := range [][]string{{"state", "s"}, {"scope", "bogus"}, {"prompt", "none"}} {
			query := authztest.NativeQuery(append(change, "client_id", id, "redirect_uri", "")...) + "&redirect_uri=" + url.QueryEscape(uri)
			for _, session := range []string{"", "john"} {
				if step := b.start(t, query, session); step.GetErrorPage() == nil {
					t.Errorf("%q with %v leads to %v", uri, change, step)
				}
			}
		}
	}
	operator := b.operator(t)
	for _, uri := range oauthtest.UnregistrableRedirectURIs() {
		_, err := operator.CreateClient(t.Context(), native(callback, uri))
		wantFieldReason(t, uri, err, "redirect_uris")
		_, err = operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, RedirectUris: []string{callback, uri}})
		wantFieldReason(t, uri, err, "redirect_uris")
	}
}

// TestMCPFailure_10_OneAddressRefusesTheRegistrationByItsNumber, and known schemes are allowed.
func TestMCPFailure_10_OneAddressRefusesTheRegistrationByItsNumber(t *testing.T) {
	b := newBench(t)
	operator := b.operator(t)
	known := []string{
		"https://www.cursor.com/agents/mcp/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/callback", "vscode://ms-vscode.mcp/cb",
		"vscode-insiders://ms-vscode.mcp/cb", "windsurf://codeium.windsurf/cb", "com.example.app:/cb", "https://vscode.dev/redirect",
		"http://127.0.0.1:33418", "http://127.0.0.1:33418/", "http://localhost:6274/oauth/callback",
	}
	id, _ := b.register(t, native(known...))
	for _, uri := range known {
		if step := b.start(t, authztest.NativeQuery("client_id", id, "redirect_uri", uri), "john"); step.GetConsent() == nil {
			t.Errorf("%q leads to %v", uri, step)
		}
	}
	for bad, want := range map[string]string{
		"myapp://callback":            "or with a scheme that is a domain name of the app's own reversed",
		"myapp://callback/":           "the operator also allows cursor, vscode, vscode-insiders and windsurf",
		"javascript:alert(1)":         "the scheme javascript, which browsers",
		"https://app.test/cb#x":       "remove the #",
		"http://app.test/cb":          "use https",
		"https://u@app.test/cb":       "remove what is before the @",
		"https://app.test/../cb":      "write the path that is meant",
		"https://app.test/cb?state=1": "the parameter state",
	} {
		req := native(callback, bad, "https://other.test/")
		req.ClientId = "vdo_client_refused"
		_, err := operator.CreateClient(t.Context(), req)
		wantFieldReason(t, bad, err, "redirect_uris")
		if !strings.Contains(oerr.Message(err), "number 2") || !strings.Contains(oerr.Message(err), want) {
			t.Errorf("%s: the refusal is %q, want number 2 and %q", bad, oerr.Message(err), want)
		}
		_, err = operator.FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: req.GetClientId()})
		wantReason(t, "what was refused", err, errorv1.Reason_REASON_NOT_FOUND)
	}
}

func TestAWebClientIsOnAServer(t *testing.T) {
	b := newBench(t)
	web := native("http://localhost:8080/cb", callback)
	web.ApplicationType = authzv1.ApplicationType_APPLICATION_TYPE_WEB
	id, _ := b.register(t, web)
	for uri, want := range map[string]bool{"http://localhost:8080/cb": true, "http://localhost:8081/cb": false, "http://localhost/cb": false} {
		step := b.start(t, authztest.NativeQuery("client_id", id, "redirect_uri", uri), "john")
		if (step.GetConsent() != nil) != want {
			t.Errorf("%s leads to %v", uri, step)
		}
	}
	web.RedirectUris = append(web.RedirectUris, "com.example.app:/cb")
	_, err := b.operator(t).CreateClient(t.Context(), web)
	wantFieldReason(t, "a private-use scheme", err, "redirect_uris")
	_, err = b.operator(t).UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, RedirectUris: []string{"cursor://x/cb"}})
	wantFieldReason(t, "a change to a private-use scheme", err, "redirect_uris")
	nativeID, _ := b.register(t, native("cursor://x/cb"))
	_, err = b.operator(t).UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: nativeID, ApplicationType: web.GetApplicationType()})
	wantFieldReason(t, "a change of the type", err, "redirect_uris")
}

func TestADefaultScopeIsPartOfTheScopes(t *testing.T) {
	b := newBench(t)
	operator, unverified := b.operator(t), true
	for what, scopes := range map[string][]string{
		"not one of its scopes": {"jobs:read"}, "not in the catalog": {"videos:raed"}, "twice": {"videos:read", "videos:read"}, "two as one": {"videos:read export:write"},
	} {
		req := registration()
		req.DefaultScopes = scopes
		_, err := operator.CreateClient(t.Context(), req)
		wantFieldReason(t, what, err, "default_scopes")
	}
	req := registration()
	req.DefaultScopes, req.Unverified = []string{"videos:read"}, true
	id, _ := b.register(t, req)
	_, err := operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, Scopes: []string{"export:write"}})
	wantFieldReason(t, "scopes without the default scope", err, "default_scopes")
	res, err := operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, Scopes: []string{"export:write"}, DefaultScopes: []string{"export:write"}})
	if r := res.GetRegistration(); err != nil || r.GetDefaultScopes()[0] != "export:write" || !r.GetUnverified() || r.GetApplicationType() != 0 {
		t.Errorf("%v, the client is %v", err, r)
	}
	res, err = operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, Unverified: &unverified})
	if r := res.GetRegistration(); err != nil || len(r.GetDefaultScopes()) != 1 {
		t.Errorf("%v, a change of another field leaves %v", err, r)
	}
	unverified = false
	res, err = operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, ClearDefaultScopes: true, Unverified: &unverified})
	if r := res.GetRegistration(); err != nil || len(r.GetDefaultScopes()) != 0 || r.GetUnverified() {
		t.Errorf("%v, the client is %v", err, r)
	}
}
