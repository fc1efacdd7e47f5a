package enforcement

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// spread is the number of requests after which each replica has served some.
const spread = 12

// TestADR0008_EveryReplicaSeesAChangeOfAClientWhenItReturns: the replicas of authz have clients in
// memory, and those of token the clients that authenticated. Secrets and redirect URIs change after
// both replicas used the client.
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
}

// TestADR0008_NoTokenOutlivesTheEndOfItsClient: a client requests tokens for itself as fast as it can
// while it is disabled. Once that has returned it gets none, and none that it got before is active.
func TestADR0008_NoTokenOutlivesTheEndOfItsClient(t *testing.T) {
	o := newOperatorClients(t)
	before := fromMemory(t)
	for range 3 {
		created, err := o.clients.CreateClient(t.Context(), &authzv1.CreateClientRequest{
			Name: t.Name(), Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, GrantTypes: []string{"client_credentials"},
			WorkspaceId: "ws_acme", Scopes: []string{"videos:read"},
		})
		expect.NoError(t, err)
		id, password := created.GetRegistration().GetClient().GetClientId(), created.GetClientSecret()
		var (
			callers  sync.WaitGroup
			mu       sync.Mutex
			issued   []string
			disabled atomic.Bool
		)
		for range 6 {
			callers.Go(func() {
				for {
					late := disabled.Load()
					res, err := shared.deployment.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}}, id, password)
					if err != nil || res.Status != http.StatusOK {
						return // disabled
					}
					if late {
						t.Error("a client got a token after it was disabled")
						return
					}
					mu.Lock()
					issued = append(issued, res.Text("access_token"))
					mu.Unlock()
				}
			})
		}
		const enough = 10
		expect.Eventually(t, "the client getting tokens", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(issued) >= enough
		})
		_, err = o.revoker.DisableClient(t.Context(), &tokenv1.DisableClientRequest{ClientId: id})
		disabled.Store(true)
		expect.NoError(t, err)
		callers.Wait()
		for _, token := range issued {
			active, err := shared.deployment.Active(token)
			expect.NoError(t, err)
			if active {
				t.Fatal("a token of the disabled client is active")
			}
		}
	}
	if fromMemory(t) == before {
		t.Error("no replica of token used its cache of authentications: the test shows nothing")
	}
}

// fromMemory returns how many authentications of clients the replicas of token made without a call.
func fromMemory(t *testing.T) (n int) {
	t.Helper()
	for name, url := range shared.deployment.AdminURLs() {
		req, err := http.NewRequest(http.MethodGet, url+"/metrics", nil)
		expect.NoError(t, err)
		text, _, err := harness.SendText(req)
		expect.NoError(t, err)
		_, found, ok := strings.Cut(text, "usher_client_authentications_total{from=\"memory\"} ")
		if !ok {
			continue
		}
		count, _, _ := strings.Cut(found, "\n")
		value, err := strconv.ParseFloat(count, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n += int(value)
	}
	return n
}
