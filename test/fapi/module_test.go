package fapi

import (
	"net/http"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestFAPI2_EnsureDifferentStateInsideAndOutsideRequestObject: the state is the pushed one, also where the
// request has none (ensure-authorization-request-without-state-success).
func TestFAPI2_EnsureDifferentStateInsideAndOutsideRequestObject(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newClient(t, d)
		for _, row := range []struct {
			pushed  string
			outside []string
		}{
			{"inside", []string{"state", "outside"}},
			{"", nil},
		} {
			verifier := harness.NewVerifier()
			a := c.push(verifier, "state", row.pushed)
			redirect := c.approve(d.NewBrowser(), c.address(a.Text("request_uri"), row.outside...))
			if got := redirect.Get("state"); got != row.pushed || redirect.Has("state") != (row.pushed != "") {
				t.Errorf("the state is %q, want %q", got, row.pushed)
			}
			expect.Equal(t, "status of the exchange", c.exchange(redirect.Get("code"), verifier, c.proof("/oauth/token")).Status, http.StatusOK)
		}
	})
}

// TestFAPI2_CheckDpopProofNbfExp: claims of a proof that RFC 9449 does not define are no error.
func TestFAPI2_CheckDpopProofNbfExp(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, verifier := newClient(t, d), harness.NewVerifier()
		now := time.Now().Unix()
		times := []any{"nbf", now, "exp", now + 300}
		issued := c.exchange(c.code(verifier), verifier, c.proof("/oauth/token", times...))
		expect.Equal(t, "status of the exchange", issued.Status, http.StatusOK)
		token := issued.Text("access_token")
		expect.Equal(t, "status of the API", c.call("DPoP", token, c.apiProof(token, times...)).Status, http.StatusOK)
	})
}

// TestFAPI2_EnsureClientAssertionInTokenEndpoint: without it, and with the client_id of another client
// (ensure-client-id-in-token-endpoint), no grant is redeemed.
func TestFAPI2_EnsureClientAssertionInTokenEndpoint(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c, other, verifier := newClient(t, d), newClient(t, d), harness.NewVerifier()
		code := c.code(verifier)
		redeem := []string{"grant_type", "authorization_code", "code", code, "redirect_uri", harness.CallbackURI, "code_verifier", verifier}
		refresh := []string{"grant_type", "refresh_token", "refresh_token", c.tokens().Text("refresh_token")}
		own := []string{"grant_type", "client_credentials", "scope", "videos:read"}
		for name, request := range map[string][]string{"a code": redeem, "a refresh": refresh, "the client's own": own} {
			send := func(more ...string) harness.Response {
				return c.post("/oauth/token", []string{c.proof("/oauth/token")}, append(append([]string{}, request...), more...)...)
			}
			wantError(t, name+" without an assertion", send("client_assertion", "", "client_assertion_type", ""), http.StatusUnauthorized, "invalid_client")
			wantError(t, name+" with another client_id", send("client_id", other.id), http.StatusUnauthorized, "invalid_client")
			wantError(t, name+" with another client's assertion", send("client_assertion", other.assertion()), http.StatusUnauthorized, "invalid_client")
		}
		expect.Equal(t, "status of the exchange", c.exchange(code, verifier, c.proof("/oauth/token")).Status, http.StatusOK)
	})
}
