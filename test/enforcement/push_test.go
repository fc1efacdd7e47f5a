package enforcement

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/harness"
)

const (
	// clients hold each token, every one in a process of its own.
	clients = 50
	// bound is the longest that a client may go on after a revocation has returned, on a machine that does other things too.
	// What it is on a quiet one, `make bench` measures.
	bound = time.Second
)

// victim is a token that fifty clients hold, and a way to end it.
type victim struct {
	name, token string
	end         func(t *testing.T)
}

// TestARevokedTokenIsDeadAtEveryClient: by each of five ways, and for good.
func TestARevokedTokenIsDeadAtEveryClient(t *testing.T) {
	victims := victims(t)
	probes := startProbes(t, func(i int) string { return shared.deployment.TokenAddrs[i%2] })
	for _, v := range victims {
		hold(t, probes, v)
	}
	for _, v := range victims {
		t.Run(v.name, func(t *testing.T) {
			v.end(t)
			returned := time.Now()
			var delays []time.Duration
			for i, p := range probes {
				at, ok := p.Heard("denied "+v.name, 10*time.Second)
				if !ok {
					t.Fatalf("client %d still allows it", i)
				}
				delays = append(delays, max(0, at.Sub(returned)))
			}
			slices.Sort(delays)
			t.Logf("p50 %s, last %s after the revocation had returned", delays[len(delays)/2], delays[len(delays)-1])
			if last := delays[len(delays)-1]; last > bound {
				t.Errorf("the last client denies it %s after the revocation had returned", last)
			}
		})
	}
	for i, p := range probes {
		for _, v := range victims {
			if _, stale := p.Heard("stale "+v.name, 0); stale {
				t.Errorf("client %d allowed %s after it had denied it", i, v.name)
			}
		}
	}
}

// victims are one token a way of ending.
func victims(t *testing.T) []victim {
	t.Helper()
	d := shared.deployment
	john, esther := d.NewBrowser(), d.NewBrowser()
	issue := func(b *harness.Browser, r harness.Request) harness.Tokens {
		tokens, err := d.Issue(b, r)
		must(t, err)
		return tokens
	}
	public := harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()}
	revoked := issue(john, harness.Request{})
	code, err := john.Approve(harness.Request{})
	must(t, err)
	replayed, err := d.Exchange(code, harness.Request{})
	must(t, err)
	disconnected := issue(john, public)
	reused := issue(esther, harness.Request{Email: harness.EstherEmail})
	next, err := d.Refresh(reused.Refresh)
	must(t, err)
	key := apiKey(t, "ws_acme")
	return []victim{
		{"revoked", revoked.Access, func(t *testing.T) {
			a, err := d.JSON("/oauth/revoke", map[string]any{"token": revoked.Access})
			must(t, err)
			wantStatus(t, a, http.StatusOK)
		}},
		{"code-replayed", replayed.Text("access_token"), func(t *testing.T) {
			a, err := d.Exchange(code, harness.Request{})
			must(t, err)
			wantStatus(t, a, http.StatusUnauthorized)
		}},
		{"disconnected", disconnected.Access, func(t *testing.T) {
			page, err := john.Disconnect(harness.PublicID)
			must(t, err)
			if page.Status != http.StatusSeeOther {
				t.Fatalf("the button answers %d", page.Status)
			}
		}},
		{"refresh-reused", next.Text("access_token"), func(t *testing.T) {
			a, err := d.Refresh(reused.Refresh)
			must(t, err)
			wantStatus(t, a, http.StatusUnauthorized)
		}},
		{"key-revoked", key.GetKey(), func(t *testing.T) {
			_, err := tokenv1.NewApiKeyServiceClient(dial(t, "operator")).RevokeApiKey(t.Context(),
				&tokenv1.RevokeApiKeyRequest{KeyId: key.GetApiKey().GetKeyId()})
			must(t, err)
		}},
	}
}

func wantStatus(t *testing.T, a harness.Answer, status int) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("answered %d %s, want %d", a.Status, a.Raw, status)
	}
}

// startProbes starts the clients side by side; at gives each its address.
func startProbes(t *testing.T, at func(i int) string) []*harness.Probe {
	t.Helper()
	probes, errs := make([]*harness.Probe, clients), make([]error, clients)
	first, err := shared.deployment.StartProbe(shared.bins, at(0)) // which makes the certificate that all share
	must(t, err)
	probes[0] = first
	var all sync.WaitGroup
	for i := 1; i < clients; i++ {
		all.Go(func() { probes[i], errs[i] = shared.deployment.StartProbe(shared.bins, at(i)) })
	}
	all.Wait()
	t.Cleanup(func() {
		for _, p := range probes {
			if p != nil {
				must(t, p.Close())
			}
		}
	})
	for _, err := range errs {
		must(t, err)
	}
	return probes
}

// hold returns once every client has the token in its memory.
func hold(t *testing.T, probes []*harness.Probe, v victim) {
	t.Helper()
	for _, p := range probes {
		must(t, p.Hold(v.name, v.token))
	}
	for i, p := range probes {
		if _, ok := p.Heard("allowed "+v.name, 20*time.Second); !ok {
			t.Fatalf("client %d does not allow %s", i, v.name)
		}
	}
}

// TestACutStreamIsNoExcuse: bytes are swallowed between a client and the token service; both believe that they are
// connected. The client may trust its memory for the bound that it promises, and no longer.
func TestACutStreamIsNoExcuse(t *testing.T) {
	d := shared.deployment
	proxy, err := harness.NewTCPProxy(d.TokenAddr)
	must(t, err)
	t.Cleanup(func() { _ = proxy.Close() })
	p, err := d.StartProbe(shared.bins, proxy.Addr())
	must(t, err)
	t.Cleanup(func() { _ = p.Close() })
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
	must(t, err)
	hold(t, []*harness.Probe{p}, victim{name: "swallowed", token: tokens.Access})

	proxy.Swallow(true)
	a, err := d.JSON("/oauth/revoke", map[string]any{"token": tokens.Access})
	must(t, err)
	wantStatus(t, a, http.StatusOK)
	returned := time.Now()
	at, ok := p.Heard("untold swallowed", 10*time.Second)
	if !ok {
		t.Fatal("ten seconds of silence, and the client still trusts its memory")
	}
	if late := at.Sub(returned); late > silence+asking+bound {
		t.Errorf("the client said that it cannot know after %s of silence", late)
	}
	proxy.Swallow(false)
	proxy.Cut()
	if _, ok := p.Heard("denied swallowed", 10*time.Second); !ok {
		t.Error("the client does not find the revocation when it is connected again")
	}
}

const (
	// silence is how long a client trusts its memory without a word from the token service (three heartbeats).
	silence = 3 * time.Second
	// asking is how long it waits for an answer then, before it says that it cannot know.
	asking = 2 * time.Second
)

// TestARestartedServiceLosesNoRevocation: clients go on behind the last entry they took in.
func TestARestartedServiceLosesNoRevocation(t *testing.T) {
	d := shared.deployment
	p, err := d.StartProbe(shared.bins, d.TokenAddrs[1])
	must(t, err)
	t.Cleanup(func() { _ = p.Close() })
	b := d.NewBrowser()
	var held []victim
	for i := range 3 {
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		held = append(held, victim{name: fmt.Sprintf("restart-%d", i), token: tokens.Access})
		hold(t, []*harness.Probe{p}, held[i])
	}
	revoke := func(v victim) {
		a, err := d.JSON("/oauth/revoke", map[string]any{"token": v.token})
		must(t, err)
		wantStatus(t, a, http.StatusOK)
	}
	_, err = d.StopOne("token-2")
	must(t, err)
	revoke(held[0]) // while the client's replica is away
	must(t, d.StartOne("token-2"))
	revoke(held[1])
	for _, v := range held[:2] {
		if _, ok := p.Heard("denied "+v.name, 10*time.Second); !ok {
			t.Errorf("%s is still allowed", v.name)
		}
	}
	if _, denied := p.Heard("denied "+held[2].name, 0); denied {
		t.Error("a token that nobody ended is denied")
	}
}
