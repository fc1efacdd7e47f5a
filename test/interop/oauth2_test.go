// Package interop tests that unmodified third-party clients work with Usher.
package interop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/vidocu/usher/test/harness"
)

// usher is the deployment that every test uses, and its binaries.
var usher struct { //nolint:gochecknoglobals // set once in TestMain, read by every test
	*harness.Deployment
	bins harness.Binaries
	// catalog is the catalog's file, which begins as the default one.
	catalog string
	// documents describe clients.
	documents *clientDocuments
}

// defaultCatalog is the built-in catalog.
const defaultCatalog = "../../internal/platform/catalog/default.yaml"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bins, err := harness.Build(filepath.Join(dir, "bin"))
	usher.catalog = filepath.Join(dir, "catalog.yaml")
	if err == nil {
		usher.bins = bins
		err = copyFile(usher.catalog, defaultCatalog)
	}
	certificate := filepath.Join(dir, "document.pem")
	if err == nil {
		usher.documents, err = newClientDocuments(certificate)
	}
	if err == nil {
		usher.Deployment, err = harness.AllInOne(bins, dir, harness.WithLongTimeouts(map[string]string{
			"USHER_CATALOG_FILE": usher.catalog, "SSL_CERT_FILE": certificate,
		}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer usher.documents.server.Close()
	code := m.Run()
	if err := usher.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func copyFile(to, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}

// styles are the library's methods of client authentication; unset, it tries one and falls back to
// the other.
func styles() map[string]oauth2.AuthStyle {
	return map[string]oauth2.AuthStyle{
		"unset": oauth2.AuthStyleAutoDetect, "in the header": oauth2.AuthStyleInHeader, "in the body": oauth2.AuthStyleInParams,
	}
}

// config returns a new configuration: the library caches per endpoint which style worked, so that
// each test has its own.
func config(id, secret string, style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{
		ClientID: id, ClientSecret: secret, RedirectURL: harness.CallbackURI, Scopes: []string{"videos:read", "jobs:read"},
		Endpoint: oauth2.Endpoint{AuthURL: usher.PublicURL + "/oauth/authorize", TokenURL: usher.PublicURL + "/oauth/token", AuthStyle: style},
	}
}

// authorize follows the library's authorization address in a browser and returns the code.
func authorize(t *testing.T, c *oauth2.Config, verifier string) string {
	t.Helper()
	address := c.AuthCodeURL("the-state", oauth2.S256ChallengeOption(verifier))
	b := usher.NewBrowser()
	page, err := b.Follow(b.Get(address))
	if err != nil {
		t.Fatal(err)
	}
	if page, err = b.SignIn(page, harness.JohnEmail, harness.UserPassword); err != nil {
		t.Fatal(err)
	}
	if page, err = b.Decide(page, "ws_acme", "approve"); err != nil {
		t.Fatal(err)
	}
	if q := page.Query(); q.Get("state") != "the-state" || q.Get("code") == "" {
		t.Fatalf("the client received %q", page.Location())
	}
	return page.Query().Get("code")
}

func TestXOAuth2_CodeWithPKCERefreshAndRevocation(t *testing.T) {
	for name, style := range styles() {
		for client, secret := range map[string]string{harness.ConfidentialID: harness.ConfidentialPW, harness.PublicID: ""} {
			t.Run(name+" "+client, func(t *testing.T) {
				c, verifier := config(client, secret, style), oauth2.GenerateVerifier()
				token, err := c.Exchange(t.Context(), authorize(t, c, verifier), oauth2.VerifierOption(verifier))
				if err != nil {
					t.Fatal(err)
				}
				if !token.Valid() || token.Type() != "Bearer" || token.Extra("scope") != "videos:read jobs:read" || time.Until(token.Expiry) < 50*time.Minute {
					t.Errorf("the library returns type %q, scope %v, expiry %s", token.Type(), token.Extra("scope"), token.Expiry)
				}
				next, err := c.TokenSource(t.Context(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
				if err != nil {
					t.Fatal(err)
				}
				if next.AccessToken == token.AccessToken || next.RefreshToken == token.RefreshToken {
					t.Error("the refresh did not rotate")
				}
				revoke(t, next.AccessToken)
			})
		}
	}
}

// revoke posts RFC 7009's form, for which the library has no function.
func revoke(t *testing.T, token string) {
	t.Helper()
	res, err := http.PostForm(usher.PublicURL+"/oauth/revoke", url.Values{"token": {token}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if active, err := usher.Active(token); res.StatusCode != http.StatusOK || err != nil || active {
		t.Errorf("revocation returned %d; the token is active: %v (%v)", res.StatusCode, active, err)
	}
}

func TestXOAuth2_RetrieveErrorCodes(t *testing.T) {
	for name, style := range styles() {
		t.Run(name, func(t *testing.T) {
			good := config(harness.ConfidentialID, harness.ConfidentialPW, style)
			verifier := oauth2.GenerateVerifier()
			code := authorize(t, good, verifier)
			bad := config(harness.ConfidentialID, "vdo_secret_wrong", style)
			for what, c := range map[string]struct {
				config         *oauth2.Config
				code, verifier string
				want           string
			}{
				"bad code":     {good, "nope", verifier, "invalid_grant"},
				"bad secret":   {bad, code, verifier, "invalid_client"},
				"bad verifier": {good, code, oauth2.GenerateVerifier(), "invalid_grant"},
			} {
				_, err := c.config.Exchange(context.Background(), c.code, oauth2.VerifierOption(c.verifier))
				var failed *oauth2.RetrieveError
				if !errors.As(err, &failed) || failed.ErrorCode != c.want {
					t.Errorf("%s: %v, want ErrorCode %s", what, err, c.want)
				}
			}
			if _, err := good.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err != nil {
				t.Errorf("a failed attempt consumed the code: %v", err)
			}
		})
	}
}
