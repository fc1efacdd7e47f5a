package interop

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const serviceID = "vdo_client_interop_service"

// registerService registers a service client, and returns its secret.
func registerService(t *testing.T, id string) string {
	t.Helper()
	printed, err := usher.Operate(t.Context(), usher.bins, "clients", "create", "Interop", "--id", id,
		"--grant-type", "client_credentials", "--workspace", "ws_acme", "--scope", "videos:read,jobs:read")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(printed)
}

// wantActive checks that a token that a library got is active, and revokes it.
func wantActive(t *testing.T, token string) {
	t.Helper()
	if active, err := usher.Active(token); err != nil || !active {
		t.Errorf("the token is active: %v, %v", active, err)
	}
	revoke(t, token)
}

// TestN8_XOAuth2_ClientCredentials: the library gets a token for a service with the secret in the
// header, in the body, and with neither said, and reads the error code of a refusal.
func TestN8_XOAuth2_ClientCredentials(t *testing.T) {
	secret := registerService(t, serviceID)
	for name, style := range styles() {
		t.Run(name, func(t *testing.T) {
			c := clientcredentials.Config{
				ClientID: serviceID, ClientSecret: secret, TokenURL: usher.PublicURL + "/oauth/token", Scopes: []string{"videos:read"}, AuthStyle: style,
			}
			token, err := c.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !token.Valid() || token.Extra("scope") != "videos:read" || token.RefreshToken != "" || time.Until(token.Expiry) < 50*time.Minute {
				t.Errorf("the library returns scope %v, refresh token %q, expiry %s", token.Extra("scope"), token.RefreshToken, token.Expiry)
			}
			wantActive(t, token.AccessToken)
			for want, change := range map[string]func(c *clientcredentials.Config){
				"invalid_scope":  func(c *clientcredentials.Config) { c.Scopes = []string{"export:write"} },
				"invalid_client": func(c *clientcredentials.Config) { c.ClientSecret = "wrong" },
				"invalid_target": func(c *clientcredentials.Config) {
					c.EndpointParams = map[string][]string{"resource": {"https://other.test/"}}
				},
			} {
				bad := c
				change(&bad)
				var failed *oauth2.RetrieveError
				if _, err := bad.Token(t.Context()); !errors.As(err, &failed) || failed.ErrorCode != want {
					t.Errorf("%v, want the error code %s", err, want)
				}
			}
		})
	}
}

// TestN8_TheExamplesOfServicesRun: the programs of docs/clients.md that act for themselves.
func TestN8_TheExamplesOfServicesRun(t *testing.T) {
	install(t)
	secret := registerService(t, serviceID+"_page")
	found := 0
	for info, code := range blocks(t, "clients.md") {
		language, library, _ := strings.Cut(info, " ")
		if !strings.HasSuffix(library, "-service") {
			continue
		}
		found++
		t.Run(library, func(t *testing.T) {
			program := command(t, language, library, code)
			program.Env = append(program.Env, "CLIENT_ID="+serviceID+"_page", "CLIENT_SECRET="+secret)
			program.Stderr = os.Stderr
			printed, err := program.Output()
			if err != nil {
				t.Fatal(err)
			}
			scope, token, _ := strings.Cut(strings.TrimSpace(string(printed)), " ")
			if scope != "videos:read" {
				t.Errorf("the scope is %q", scope)
			}
			wantActive(t, token)
		})
	}
	if found != 2 {
		t.Errorf("docs/clients.md has %d programs of services, want 2", found)
	}
}
