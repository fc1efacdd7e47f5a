package fapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestN12_1_APushedRequestHasAnIdTokenHint: only its user can go on, whatever the browser's address says beside it.
func TestN12_1_APushedRequestHasAnIdTokenHint(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d, "--scope", "openid")
		verifier := harness.NewVerifier()
		issued := c.exchange(c.code(verifier, "scope", "openid"), verifier, c.proof("/oauth/token"))
		hint := issued.Text("id_token")
		if hint == "" {
			t.Fatalf("%d %s", issued.Status, issued.Raw)
		}
		address := c.pushed(harness.NewVerifier(), "scope", "openid", "id_token_hint", hint, "prompt", "none")
		esther := expect.SignedIn(t, d, harness.EstherEmail)
		page, err := esther.Follow(esther.Get(address))
		expect.NoError(t, err)
		expect.Equal(t, "another user's browser", page.Query().Get("error"), "login_required")
		john := d.NewBrowser()
		c.approve(john, c.pushed(harness.NewVerifier(), "scope", "openid", "id_token_hint", hint))
		page, err = john.Follow(john.Get(c.pushed(harness.NewVerifier(), "scope", "openid", "id_token_hint", hint, "prompt", "none")))
		expect.NoError(t, err)
		if page.Query().Get("code") == "" {
			t.Errorf("the user's browser: %d %q", page.Status, page.Location())
		}
		wantError(t, "no ID token", c.push(verifier, "scope", "openid", "id_token_hint", "x"), http.StatusBadRequest, "invalid_request")
		other := newClient(t, d, "--scope", "openid")
		wantError(t, "another client's", other.push(verifier, "scope", "openid", "id_token_hint", hint), http.StatusBadRequest, "invalid_request")
		// An ID token beside the request_uri does not count.
		address = c.pushed(harness.NewVerifier(), "scope", "openid", "prompt", "none") + "&id_token_hint=x"
		page, err = john.Follow(john.Get(address))
		expect.NoError(t, err)
		if page.Query().Get("code") == "" {
			t.Errorf("with another hint in the address: %d %q", page.Status, page.Location())
		}
	})
}

// TestFAPI2_5_4_1_IDTokensAreES256, as PS256 and EdDSA would be allowed and RS256 is not: of the code and of a refresh.
// The registration says so, and RS256 cannot be registered.
func TestFAPI2_5_4_1_IDTokensAreES256(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d, "--scope", "openid")
		verifier := harness.NewVerifier()
		issued := c.exchange(c.code(verifier, "scope", "openid"), verifier, c.proof("/oauth/token"))
		refreshed := c.refresh(issued.Text("refresh_token"), c.proof("/oauth/token"))
		for what, a := range map[string]harness.Response{"of a code": issued, "of a refresh": refreshed} {
			header, err := base64.RawURLEncoding.DecodeString(strings.Split(a.Text("id_token"), ".")[0])
			var read struct{ Alg string }
			if err != nil || json.Unmarshal(header, &read) != nil || read.Alg != "ES256" {
				t.Errorf("the ID token %s has the header %s: %d %s", what, header, a.Status, a.Raw)
			}
		}
		if _, err := d.Operate(t.Context(), shared.Bins, "clients", "update", c.id, "--id-token-alg", "RS256"); err == nil {
			t.Error("RS256 was registered")
		}
		if shown := c.operate("clients", "show", c.id); !regexp.MustCompile(`ID TOKENS\s+ES256`).MatchString(shown) {
			t.Errorf("the registration is\n%s", shown)
		}
	})
}

// TestRFC9449_7_UserInfoNeedsTheProof of a bound token, as the API does.
func TestRFC9449_7_UserInfoNeedsTheProof(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d, "--scope", "openid,profile")
		verifier := harness.NewVerifier()
		issue := func(scope string) string {
			return c.exchange(c.code(verifier, "scope", scope), verifier, c.proof("/oauth/token")).Text("access_token")
		}
		token := issue("openid profile")
		other := c
		other.proofKey = josetest.New(t, "ES256", "")
		at := []any{"htu", d.PublicURL + "/oauth/userinfo"}
		userInfo := func(method, scheme string, proofs ...string) harness.Response {
			t.Helper()
			req, err := http.NewRequest(method, d.PublicURL+"/oauth/userinfo", nil)
			expect.NoError(t, err)
			req.Header.Set("Authorization", scheme+" "+token)
			req.Header["Dpop"] = proofs
			a, err := harness.Send(req)
			expect.NoError(t, err)
			return a
		}
		used := c.apiProof(token, at...)
		expect.Equal(t, "status with a proof", userInfo(http.MethodGet, "DPoP", used).Status, http.StatusOK)
		post := userInfo(http.MethodPost, "DPoP", c.apiProof(token, append(at, "htm", "POST")...))
		if post.Status != http.StatusOK || post.Text("sub") == "" || post.Text("name") == "" {
			t.Errorf("POST: %d %s", post.Status, post.Raw)
		}
		bound := token
		token = issue("videos:read")
		for proof, want := range map[string]string{"": `error="invalid_dpop_proof"`, c.apiProof(token, at...): `error="insufficient_scope", scope="openid videos:read"`} {
			a := userInfo(http.MethodGet, "DPoP", proof)
			if challenge := a.Header.Get("WWW-Authenticate"); !strings.Contains(challenge, `DPoP algs="`) || !strings.Contains(challenge, want) {
				t.Errorf("without the scope openid: %d %q, want %s", a.Status, challenge, want)
			}
		}
		token = bound
		for name, a := range map[string]harness.Response{
			"as a bearer":     userInfo(http.MethodGet, "Bearer"),
			"without a proof": userInfo(http.MethodGet, "DPoP"),
			"a used proof":    userInfo(http.MethodGet, "DPoP", used),
			"another key":     userInfo(http.MethodGet, "DPoP", other.apiProof(token, at...)),
			"another URL":     userInfo(http.MethodGet, "DPoP", c.apiProof(token)),
			"another method":  userInfo(http.MethodPost, "DPoP", c.apiProof(token, at...)),
			"two proofs":      userInfo(http.MethodGet, "DPoP", c.apiProof(token, at...), c.apiProof(token, at...)),
		} {
			if challenge := a.Header.Get("WWW-Authenticate"); a.Status != http.StatusUnauthorized || !strings.Contains(challenge, "error=") {
				t.Errorf("%s: %d %q", name, a.Status, challenge)
			}
		}
	})
}
