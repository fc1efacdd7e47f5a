package fapi

import (
	"net/http"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestFAPI2_DpopNonce: where the operator requires nonces, a proof without one gets 400 use_dpop_nonce with one at
// the token endpoint and at PAR; nothing was spent, and the next proof with it is accepted.
func TestFAPI2_DpopNonce(t *testing.T) {
	t.Parallel()
	d := shared.OwnAllInOne(t, map[string]string{"USHER_TOKEN_DPOP_NONCE": "true"})
	c := newClient(t, d)
	wantNonce := func(what string, a harness.Response) string {
		t.Helper()
		wantError(t, what, a, http.StatusBadRequest, "use_dpop_nonce")
		nonces := a.Header.Values("Dpop-Nonce")
		if len(nonces) != 1 || nonces[0] == "" {
			t.Fatalf("%s: the header DPoP-Nonce is %q", what, nonces)
		}
		return nonces[0]
	}
	verifier := harness.NewVerifier()
	nonce := wantNonce("a push", c.pushWith(verifier, []string{c.proof("/oauth/par")}))
	pushed := c.pushWith(verifier, []string{c.proof("/oauth/par", "nonce", nonce)})
	expect.Equal(t, "status of the push with the nonce", pushed.Status, http.StatusCreated)
	code := c.code(verifier)
	nonce = wantNonce("an exchange", c.exchange(code, verifier, c.proof("/oauth/token")))
	wantNonce("a nonce of another server", c.exchange(code, verifier, c.proof("/oauth/token", "nonce", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")))
	wantError(t, "a wrong proof with the nonce", c.exchange(code, verifier, c.proof("/oauth/token", "nonce", nonce, "htm", "GET")), http.StatusBadRequest, "invalid_dpop_proof")
	issued := c.exchange(code, verifier, c.proof("/oauth/token", "nonce", nonce))
	expect.Equal(t, "status of the exchange with the nonce", issued.Status, http.StatusOK)
	again := c.refresh(issued.Text("refresh_token"), c.proof("/oauth/token", "nonce", nonce))
	expect.Equal(t, "status of a refresh with the same nonce", again.Status, http.StatusOK)
	token := again.Text("access_token")
	expect.Equal(t, "status of the API, which needs none", c.call("DPoP", token, c.apiProof(token)).Status, http.StatusOK)
}

// TestFAPI2_NoNonceUnlessTheOperatorSaysSo: it is off by default.
func TestFAPI2_NoNonceUnlessTheOperatorSaysSo(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		a := newClient(t, d).tokens()
		if a.Status != http.StatusOK || a.Header.Get("Dpop-Nonce") != "" {
			t.Errorf("%d, DPoP-Nonce %q", a.Status, a.Header.Get("Dpop-Nonce"))
		}
	})
}
