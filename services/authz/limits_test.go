package authz_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/services/authz"
)

const confidential, itsSecret = "vdo_client_abc123", "vdo_secret_xyz789"

// prove authenticates a client from a source address.
func (b *bench) prove(t *testing.T, id, proof, source string) error {
	t.Helper()
	req := authenticate(id, proof)
	req.SourceAddress = source
	_, err := b.clients.AuthenticateClient(t.Context(), req)
	return err
}

// fails sends n wrong secrets and requires the same reason for each.
func (b *bench) fails(t *testing.T, n int, source string, want errorv1.Reason) {
	t.Helper()
	for i := range n {
		if err := b.prove(t, confidential, fmt.Sprintf("vdo_secret_wrong%d", i), source); oerr.Reason(err) != want {
			t.Fatalf("wrong secret %d from %s: %v, want %s", i+1, source, err, want)
		}
	}
}

func TestFault_E4_FailedClientAuthenticationsOfASourceAreBounded(t *testing.T) {
	b := newBench(t)
	budget := authz.DefaultConfig().SourceAttempts
	b.fails(t, budget, "192.0.2.1", errorv1.Reason_REASON_INVALID_CLIENT)
	err := b.prove(t, confidential, "vdo_secret_wrong", "192.0.2.1")
	wantReason(t, "a wrong secret too many", err, errorv1.Reason_REASON_RATE_LIMITED)
	if after := oerr.RetryAfter(err); after <= 0 || after > authz.DefaultConfig().SourceWindow || after%time.Second != 0 {
		t.Errorf("it may come back after %v", after)
	}
	b.fails(t, 1, "192.0.2.2", errorv1.Reason_REASON_INVALID_CLIENT) // another source
	b.clock.Advance(authz.DefaultConfig().SourceWindow)
	b.fails(t, 1, "192.0.2.1", errorv1.Reason_REASON_INVALID_CLIENT)
}

func TestFault_E4_ARightSecretIsAcceptedWhateverOthersDid(t *testing.T) {
	b := newBench(t)
	for i := range authz.DefaultConfig().ClientAttempts { // from everywhere
		if err := b.prove(t, confidential, "vdo_secret_wrong", fmt.Sprintf("192.0.%d.%d", i/250, i%250)); err == nil {
			t.Fatal("a wrong secret is accepted")
		}
	}
	b.fails(t, 3, "198.51.100.1", errorv1.Reason_REASON_RATE_LIMITED) // the client's budget is exhausted
	b.fails(t, authz.DefaultConfig().SourceAttempts, "198.51.100.1", errorv1.Reason_REASON_RATE_LIMITED)
	for _, source := range []string{"203.0.113.9", "198.51.100.1", ""} { // a new source, the attacker's, none
		if err := b.prove(t, confidential, itsSecret, source); err != nil {
			t.Errorf("the right secret from %q: %v", source, err)
		}
		if err := b.prove(t, "vdo_client_public123", "", source); err != nil {
			t.Errorf("a public client from %q: %v", source, err)
		}
	}
}

func TestFault_E4_SuccessConsumesNoBudget(t *testing.T) {
	b := newBench(t)
	b.fails(t, authz.DefaultConfig().SourceAttempts-1, "192.0.2.1", errorv1.Reason_REASON_INVALID_CLIENT)
	for range 2 * authz.DefaultConfig().SourceAttempts {
		if err := b.prove(t, confidential, itsSecret, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	b.fails(t, 1, "192.0.2.1", errorv1.Reason_REASON_INVALID_CLIENT)
	b.fails(t, 1, "192.0.2.1", errorv1.Reason_REASON_RATE_LIMITED)
}

func TestFault_E4_WithoutTheShortLivedStoreFailuresAreRefusedUncounted(t *testing.T) {
	b := newBench(t)
	b.shortLived.away.Store(true)
	b.fails(t, 2*authz.DefaultConfig().SourceAttempts, "192.0.2.1", errorv1.Reason_REASON_INVALID_CLIENT)
	if err := b.prove(t, confidential, itsSecret, "192.0.2.1"); err != nil {
		t.Errorf("the right secret: %v", err)
	}
}

func TestFault_E5_PendingRequestsOfASignedInUserAreBounded(t *testing.T) {
	b := newBench(t)
	start := func(session, source string) error {
		_, err := b.browser.StartAuthorization(t.Context(), &authzv1.StartAuthorizationRequest{
			RawQuery: documented(), SessionToken: session, BrowserToken: b.token, SourceAddress: source,
		})
		return err
	}
	for i := range authz.DefaultConfig().UserRequests {
		if err := start("john", fmt.Sprintf("192.0.2.%d", i%250)); err != nil { // from everywhere
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
	err := start("john", "198.51.100.1")
	wantReason(t, "one request too many", err, errorv1.Reason_REASON_RATE_LIMITED)
	if after := oerr.RetryAfter(err); after <= 0 || after > authz.DefaultConfig().UserWindow {
		t.Errorf("it may come back after %v", after)
	}
	if err := start("", "192.0.2.1"); err != nil {
		t.Errorf("a user who is not signed in, at the same source: %v", err)
	}
	b.clock.Advance(authz.DefaultConfig().UserWindow)
	if err := start("john", "192.0.2.1"); err != nil {
		t.Errorf("in the next window: %v", err)
	}
}

// TestFault_E5_AnExhaustedAddressDoesNotStopItsSignedInUsers: beyond the address's budget identity
// decides, and an invented session cookie gets nothing.
func TestFault_E5_AnExhaustedAddressDoesNotStopItsSignedInUsers(t *testing.T) {
	b := newBench(t)
	start := func(session string) error {
		_, err := b.browser.StartAuthorization(t.Context(), &authzv1.StartAuthorizationRequest{
			RawQuery: documented(), SessionToken: session, BrowserToken: b.token, SourceAddress: "192.0.2.1",
		})
		return err
	}
	for i := range authz.DefaultConfig().AnonymousRequests {
		if err := start(""); err != nil {
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
	wantReason(t, "without a session", start(""), errorv1.Reason_REASON_RATE_LIMITED)
	wantReason(t, "with an invented session", start("invented"), errorv1.Reason_REASON_RATE_LIMITED)
	if err := start("john"); err != nil {
		t.Errorf("a user who is signed in: %v", err)
	}
	b.identity.breakDown(oerrUnavailable())
	wantReason(t, "while identity is unavailable", start("john"), errorv1.Reason_REASON_UNAVAILABLE)
}

// TestFault_E5_ASessionWithoutABudgetTakesNoneOfItsAddress: the others there go on.
func TestFault_E5_ASessionWithoutABudgetTakesNoneOfItsAddress(t *testing.T) {
	b := newBench(t)
	start := func(session string) error {
		_, err := b.browser.StartAuthorization(t.Context(), &authzv1.StartAuthorizationRequest{
			RawQuery: documented(), SessionToken: session, BrowserToken: b.token, SourceAddress: "192.0.2.1",
		})
		return err
	}
	for i := range authz.DefaultConfig().AnonymousRequests + authz.DefaultConfig().UserRequests {
		if err := start("john"); (err == nil) != (i < authz.DefaultConfig().UserRequests) {
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
	if err := start(""); err != nil {
		t.Errorf("without a session: %v", err)
	}
}

// TestFault_E5_InventedSessionsOfAnAddressAreFewEntries: each value of a session cookie has a budget, which is an
// entry in the short-lived store, and an address may invent as many as it likes.
func TestFault_E5_InventedSessionsOfAnAddressAreFewEntries(t *testing.T) {
	b := newBench(t)
	limit := authz.DefaultConfig().AnonymousRequests
	for i := range limit + 500 {
		_, err := b.browser.StartAuthorization(t.Context(), &authzv1.StartAuthorizationRequest{
			RawQuery: documented(), SessionToken: fmt.Sprintf("invented-%d", i), BrowserToken: b.token, SourceAddress: "192.0.2.1",
		})
		if refused := oerr.Reason(err) == errorv1.Reason_REASON_RATE_LIMITED; refused != (i >= limit) {
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
	entries := 0
	b.shortLived.budgets.Range(func(_, _ any) bool { entries++; return true })
	if entries > limit+1 {
		t.Errorf("%d entries, want one for each of %d sessions and one for the address", entries, limit)
	}
}

func TestBudgetsOutOfBoundsAreNamed(t *testing.T) {
	for name, change := range map[string]func(*authz.Config){
		"user_requests":   func(c *authz.Config) { c.UserRequests = -1 },
		"user_window":     func(c *authz.Config) { c.UserWindow = 0 },
		"source_attempts": func(c *authz.Config) { c.SourceAttempts = -1 },
		"source_window":   func(c *authz.Config) { c.SourceWindow = 25 * time.Hour },
		"client_attempts": func(c *authz.Config) { c.ClientAttempts = -1 },
		"client_window":   func(c *authz.Config) { c.ClientWindow = time.Millisecond },
	} {
		c := authz.DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name+" is ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
