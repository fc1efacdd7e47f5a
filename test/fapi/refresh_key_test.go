package fapi

import (
	"net/http"
	"testing"

	"github.com/vidocu/usher/internal/platform/jose/josetest"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// withKey returns the client with another key for its proofs, and the function that refreshes with it.
func (c fapiClient) withKey(key josetest.Signer) func(token string) harness.Response {
	c.proofKey = key
	return func(token string) harness.Response {
		c.t.Helper()
		return c.refresh(token, c.proof("/oauth/token"))
	}
}

// TestRFC9449_5_ARetryNeedsTheKeyOfTheFirst: inside the retry window a public client gets its token pair again. A retry with
// another key, or without one, is refused and revokes nothing.
func TestRFC9449_5_ARetryNeedsTheKeyOfTheFirst(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newPublic(t, d, "--refresh-retry", "30s")
		refresh, refreshWithAnother := c.withKey(c.proofKey), c.withKey(josetest.New(t, "ES256", ""))
		first := c.tokens().Text("refresh_token")
		second := refresh(first)
		expect.Equal(t, "status of a refresh", second.Status, http.StatusOK)
		wantError(t, "a retry with another key", refreshWithAnother(first), http.StatusBadRequest, "invalid_grant")
		wantError(t, "a retry without a key", c.refresh(first), http.StatusBadRequest, "invalid_grant")
		expect.Equal(t, "response to a retry", refresh(first).Raw, second.Raw)
		expect.Equal(t, "status of the next refresh", refresh(second.Text("refresh_token")).Status, http.StatusOK)
	})
}

// TestRFC9449_5_AConfidentialClientChangesItsKeyWithARefresh, and not with the retry of one: the token pair that it gets again
// is bound to the first key.
func TestRFC9449_5_AConfidentialClientChangesItsKeyWithARefresh(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		c := newConfidential(t, d, "--refresh-retry", "30s")
		refresh, refreshWithAnother := c.withKey(c.proofKey), c.withKey(josetest.New(t, "ES256", ""))
		first := c.tokens().Text("refresh_token")
		second := refresh(first)
		expect.Equal(t, "status of a refresh", second.Status, http.StatusOK)
		wantError(t, "a retry with another key", refreshWithAnother(first), http.StatusBadRequest, "invalid_grant")
		wantError(t, "a retry without a key", c.refresh(first), http.StatusBadRequest, "invalid_grant")
		expect.Equal(t, "response to a retry", refresh(first).Raw, second.Raw)
		third := refreshWithAnother(second.Text("refresh_token"))
		expect.Equal(t, "status of a refresh with another key", third.Status, http.StatusOK)
		access := third.Text("access_token")
		expect.Equal(t, "status at the API with the first key", c.call("DPoP", access, c.apiProof(access)).Status, http.StatusUnauthorized)
	})
}

// TestRFC9700_4_14_2_AThiefCannotHideAReuseBehindAKey: the refresh of an unbound token with a proof binds the successor to a
// key. The token itself was not bound: its second use is a reuse without that key too, and inside the retry window.
func TestRFC9700_4_14_2_AThiefCannotHideAReuseBehindAKey(t *testing.T) {
	for name, window := range map[string]string{"without a retry window": "0s", "with a retry window": "30s"} {
		t.Run(name, func(t *testing.T) {
			shared.Each(t, func(t *testing.T, d *harness.Deployment) {
				c := newPublic(t, d, "--refresh-retry", window)
				verifier := harness.NewVerifier()
				stolen := c.exchange(c.code(verifier), verifier).Text("refresh_token")
				theft := c.withKey(josetest.New(t, "ES256", ""))
				thief := theft(stolen)
				expect.Equal(t, "status of a thief's refresh", thief.Status, http.StatusOK)
				wantError(t, "the client's refresh", c.refresh(stolen), http.StatusBadRequest, "invalid_grant")
				wantError(t, "the thief's next refresh", theft(thief.Text("refresh_token")), http.StatusBadRequest, "invalid_grant")
			})
		})
	}
}
