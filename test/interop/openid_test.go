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
