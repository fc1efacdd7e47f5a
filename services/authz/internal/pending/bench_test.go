package pending_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

const (
	lifetime = 30 * time.Minute
	kept     = 10 * time.Minute
)

// bench is a store with one open request.
type bench struct {
	*pending.Store
	entries *authztest.Entries
	clock   *authztest.Clock
	browser secret.String
	id      string
}

func newBench(t *testing.T) bench {
	t.Helper()
	b := emptyBench()
	b.id = b.open(t, request())
	return b
}

func emptyBench() bench {
	b := bench{entries: authztest.NewEntries(), clock: authztest.NewClock(), browser: secret.NewCode()}
	b.Store = &pending.Store{Entries: b.entries, Lifetime: lifetime, Kept: kept, Now: b.clock.Now}
	return b
}

func (b bench) open(t *testing.T, r pending.Request) string {
	t.Helper()
	id, err := b.Open(t.Context(), b.browser, r)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func request() pending.Request {
	return pending.Request{
		AuthorizationRequest: oauth.AuthorizationRequest{
			CodeBinding: oauth.CodeBinding{ClientID: authztest.Web, RedirectURI: authztest.WithQuery, CodeChallenge: authztest.Challenge},
			Scope:       oauth.Scope{"videos:read", "analyze:write"},
		},
		ClientName: "Test “App”", State: "a state",
	}
}

// approve decides with an approval of John's.
func approve(a *pending.Authorization) error {
	a.Outcome = approval()
	return nil
}

func approval() *pending.Outcome {
	return &pending.Outcome{Approved: true, UserID: "usr_john", WorkspaceID: "ws_acme", DisplayName: "John Doe"}
}

func john() pending.Viewer { return pending.Viewer{UserID: "usr_john", Epoch: 7} }

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// calls runs every method that takes an identifier.
func (b bench) calls(t *testing.T, id string, browser secret.String) map[string]error {
	t.Helper()
	found, findErr := b.Find(t.Context(), id, browser)
	if findErr != nil && found.ID != "" {
		t.Error("a failed Find returns the request")
	}
	closed, _, closeErr := b.Close(t.Context(), id, browser, approve)
	if closeErr != nil && closed.ID != "" {
		t.Error("a failed Close returns the request")
	}
	return map[string]error{"Find": findErr, "Bind": b.Bind(t.Context(), id, browser, john()), "Close": closeErr}
}
