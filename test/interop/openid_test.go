package interop

import (
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/vidocu/usher/test/harness"
)

// TestN10_TheExamplesOfOpenIDConnectRun: openid-client and oidc-client-ts with discovery, as docs/openid.md has
// them.
func TestN10_TheExamplesOfOpenIDConnectRun(t *testing.T) {
	install(t)
	page := blocks(t, "openid.md")
	for library, clientID := range map[string]string{"openid-client": harness.ConfidentialID, "oidc-client-ts": harness.PublicID} {
		t.Run(library, func(t *testing.T) {
			app := command(t, "js", "openid-"+library, page["js "+library])
			app.Env = append(app.Env, "CLIENT_ID="+clientID)
			if name := authorizeWith(t, app); name != "John Doe" {
				t.Errorf("the program prints %q", name)
			}
		})
	}
}

// TestN10_GoOIDC_SignsAUserIn, and verifies the ID token of a refresh too.
func TestN10_GoOIDC_SignsAUserIn(t *testing.T) {
	provider, err := oidc.NewProvider(t.Context(), usher.PublicURL)
	if err != nil {
		t.Fatal(err)
	}
	config := &oauth2.Config{
		ClientID: harness.ConfidentialID, ClientSecret: harness.ConfidentialPW, RedirectURL: harness.CallbackURI,
		Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
	verifier := oauth2.GenerateVerifier()
	back, err := url.Parse(approve(t, config.AuthCodeURL("state", oidc.Nonce("a-nonce"), oauth2.S256ChallengeOption(verifier))))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := config.Exchange(t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := tokens.Extra("id_token").(string)
	idToken, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(t.Context(), text)
	if err != nil || idToken.Nonce != "a-nonce" {
		t.Fatalf("%v, %+v", err, idToken)
	}
	if err := idToken.VerifyAccessToken(tokens.AccessToken); err != nil {
		t.Error(err)
	}
	user, err := provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tokens))
	if err != nil || user.Subject != idToken.Subject || !strings.EqualFold(user.Email, harness.JohnEmail) {
		t.Errorf("%v, %+v", err, user)
	}
	fresh, err := config.TokenSource(t.Context(), &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
	if err != nil {
		t.Fatal(err)
	}
	text, _ = fresh.Extra("id_token").(string)
	if again, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(t.Context(), text); err != nil || again.Subject != idToken.Subject {
		t.Errorf("after a refresh: %v, %+v", err, again)
	}
}

// openIDSite starts a web client of docs/openid.md.
func openIDSite(t *testing.T, library, callback string) site {
	t.Helper()
	return startWebApp(t, "openid-"+library, blocks(t, "openid.md")["js "+library], func(address string) []string {
		return register(t, address+callback, "--scope", "openid,profile,email", "--post-logout-redirect-uri", address)
	})
}

// TestN10_AuthJSSignsInWithDiscovery, with the example of docs/openid.md.
func TestN10_AuthJSSignsInWithDiscovery(t *testing.T) {
	s := openIDSite(t, "auth.js", "/auth/callback/usher")
	_, body := s.get(t, "/auth/csrf")
	form := url.Values{"csrfToken": {text(t, body, "csrfToken")}, "callbackUrl": {s.url}}
	res, _ := s.post(t, "/auth/signin/usher", "application/x-www-form-urlencoded", form.Encode())
	s.followCallback(t, res.Header.Get("Location"))
	s.wantPage(t, map[string]any{"name": "John Doe", "email": harness.JohnEmail})
}

// TestN10_ExpressOpenIDConnectSignsInAndOut, with the example of docs/openid.md: its logout ends the session at Usher.
func TestN10_ExpressOpenIDConnectSignsInAndOut(t *testing.T) {
	s := openIDSite(t, "express-openid-connect", "/callback")
	res, _ := s.get(t, "/login")
	s.followCallback(t, res.Header.Get("Location"))
	s.wantPage(t, map[string]any{"name": "John Doe", "email": harness.JohnEmail})
	res, _ = s.get(t, "/logout")
	out, err := url.Parse(res.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(out.String(), usher.PublicURL+"/oauth/logout?") || out.Query().Get("id_token_hint") == "" ||
		out.Query().Get("post_logout_redirect_uri") != s.url {
		t.Errorf("the logout leads to %s, %v", out, err)
	}
	if page, err := usher.NewBrowser().Get(out.String()); err != nil || page.Location() != s.url {
		t.Errorf("the logout there leads to %d %q, %v", page.Status, page.Location(), err)
	}
}
