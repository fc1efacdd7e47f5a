package enforcement

import (
	"net/http"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// spread is the number of requests after which each replica has served some.
const spread = 12

// TestADR0008_EveryReplicaSeesAChangeOfAClientWhenItReturns: the replicas of authz have clients in
// memory, and those of token the clients that authenticated. Secrets and redirect URIs change, and the
// client is disabled, while both replicas use it.
func TestADR0008_EveryReplicaSeesAChangeOfAClientWhenItReturns(t *testing.T) {
	o := newOperatorClients(t)
	c := o.register(t)
	browser := shared.deployment.NewBrowser()
	wantEverywhere := func(when string, want int, request func() int) {
		t.Helper()
		for range spread {
			if got := request(); got != want {
				t.Fatalf("%s: %d, want %d", when, got, want)
			}
		}
	}
	authenticate := func(secret string) func() int {
		return func() int { // revoking an unknown token succeeds for every client that authenticates (RFC 7009 §2.2)
			res, err := shared.deployment.JSON("/oauth/revoke", map[string]any{"token": "x", "client_id": c.id, "client_secret": secret})
			expect.NoError(t, err)
			return res.Status
		}
	}
	start := func(uri string) func() int {
		return func() int {
			page, err := browser.Get(harness.Request{ClientID: c.id, RedirectURI: uri}.Path())
			expect.NoError(t, err)
			return page.Status
		}
	}
	uri := harness.CallbackURI
	for range 3 { // more refusals would exceed the budget of their source
		wantEverywhere("the current secret", http.StatusOK, authenticate(c.secret))
		rotated, err := o.clients.RotateClientSecret(t.Context(), &authzv1.RotateClientSecretRequest{ClientId: c.id})
		expect.NoError(t, err)
		previous := c.secret
		wantEverywhere("the previous secret", http.StatusUnauthorized, authenticate(previous))
		c.secret = rotated.GetClientSecret()
		wantEverywhere("the new secret", http.StatusOK, authenticate(c.secret))
		wantEverywhere("the previous secret beside the new one", http.StatusUnauthorized, authenticate(previous))

		wantEverywhere("the redirect URI", http.StatusSeeOther, start(uri))
		next := uri + "x"
		_, err = o.clients.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: c.id, RedirectUris: []string{next}})
		expect.NoError(t, err)
		wantEverywhere("the previous redirect URI", http.StatusBadRequest, start(uri))
		uri = next
	}
	wantEverywhere("the last redirect URI", http.StatusSeeOther, start(uri))

	c = o.register(t)
	wantEverywhere("a secret", http.StatusOK, authenticate(c.secret))
	_, err := shared.deployment.Operate(t.Context(), shared.bins, "clients", "disable", c.id, "--yes")
	expect.NoError(t, err)
	wantEverywhere("a disabled client", http.StatusUnauthorized, authenticate(c.secret))
}
