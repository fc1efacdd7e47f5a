package fapi

import (
	"net/http"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestN13_6_WithoutTheReplayStoreAProofIsRefused: with 503, at the token endpoint and at PAR, since its use could not
// be recorded. Nothing is spent: the same requests succeed afterwards. A bound token is still accepted at the
// API, whose processes record proofs themselves.
func TestN13_6_WithoutTheReplayStoreAProofIsRefused(t *testing.T) {
	t.Parallel()
	d, servers := shared.OwnProcesses(t, map[string]string{"USHER_UPSTREAM_URL": harness.NewUpstream().URL})
	c := newClient(t, d)
	first := c.tokens()
	proof, push := c.proof("/oauth/token"), c.proof("/oauth/par")
	verifier := harness.NewVerifier()
	resume, err := servers.PauseRedis()
	expect.NoError(t, err)
	for what, a := range map[string]harness.Response{
		"a refresh": c.refresh(first.Text("refresh_token"), proof), "a push": c.pushWith(verifier, []string{push}),
	} {
		if a.Status != http.StatusServiceUnavailable || a.Code() != "temporarily_unavailable" || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s without Redis: %d %s", what, a.Status, a.Raw)
		}
	}
	token := first.Text("access_token")
	expect.Equal(t, "status of the API without Redis", c.call("DPoP", token, c.apiProof(token)).Status, http.StatusOK)
	expect.NoError(t, resume())
	expect.Eventually(t, "a refresh with Redis", func() bool {
		return c.refresh(first.Text("refresh_token"), c.proof("/oauth/token")).Status == http.StatusOK
	})
	expect.Equal(t, "status of the push with Redis", c.pushWith(verifier, []string{c.proof("/oauth/par")}).Status, http.StatusCreated)
}
