package flow_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
	"github.com/vidocu/usher/services/authz/internal/pushed"
	"github.com/vidocu/usher/services/authz/internal/store/storetest"
)

const issuer = "https://usher.test/a path"

// errDown is an outage of the identity service.
var errDown = errors.New("identity is down")

// sessions is a fake of the identity service that counts its calls.
type sessions struct {
	down  error
	calls int
	// since is when all users signed in, and now the clock, by which one signs in again.
	since time.Time
	now   func() time.Time
}

// SessionUser returns the user of the sessions "john", "john again" and "john continued", which are the same
// user's, and "esther". John signs in again when the second is used; the third continues the first without that.
func (s *sessions) SessionUser(_ context.Context, session secret.String) (flow.User, error) {
	s.calls++
	user := map[string]string{"john": "usr_john", "john again": "usr_john", "john continued": "usr_john", "esther": "usr_esther"}[session.Reveal()]
	switch {
	case s.down != nil:
		return flow.User{}, s.down
	case user == "":
		return flow.User{}, flow.ErrSignedOut
	}
	if session.Reveal() == "john again" {
		return flow.User{UserID: user, AuthenticatedAt: s.now().Add(time.Second)}, nil
	}
	return flow.User{UserID: user, AuthenticatedAt: s.since}, nil
}

// bench is a flow over a real registry that contains authztest.Clients.
type bench struct {
	flow.Flow
	registry *storetest.Fake
	sessions *sessions
	entries  *authztest.Entries
	clock    *authztest.Clock
	token    secret.String
}

func newBench(t *testing.T) *bench {
	t.Helper()
	registry := storetest.NewFake(t)
	authztest.Register(t, registry)
	b := over(registry)
	b.registry = registry
	return b
}

// over returns a bench over any registry.
func over(clients flow.Clients) *bench {
	b := &bench{
		sessions: &sessions{since: authztest.NewClock().Now()}, entries: authztest.NewEntries(), clock: authztest.NewClock(), token: secret.NewCode(),
	}
	b.sessions.now = b.clock.Now
	b.Flow = flow.Flow{
		Clients: clients, Sessions: b.sessions, Scopes: catalog.Default(), Resources: resources(), Issuer: issuer,
		Pending: &pending.Store{Entries: b.entries, Lifetime: time.Hour, Kept: time.Minute, Now: b.clock.Now},
		Pushed:  &pushed.Store{Entries: b.entries, Decided: 2 * time.Hour, Now: b.clock.Now},
		Codes:   &code.Store{Entries: b.entries, Lifetime: time.Minute, Now: b.clock.Now},
		Now:     b.clock.Now,
	}
	return b
}

func (b *bench) signedOut() flow.Browser { return flow.Browser{Token: b.token} }
func (b *bench) signedIn() flow.Browser {
	return flow.Browser{Token: b.token, Session: secret.New("john")}
}

func (b *bench) start(t *testing.T, query string, browser flow.Browser) flow.Step {
	t.Helper()
	step, err := b.Start(t.Context(), query, browser)
	if err != nil {
		t.Fatalf("Start(%.200q): %v", query, err)
	}
	return step
}

// bound starts a request and binds its consent screen to John.
func (b *bench) bound(t *testing.T, query string) string {
	t.Helper()
	step := b.start(t, query, b.signedIn())
	if step.Kind != flow.Consent {
		t.Fatalf("step %v, want the consent screen", step)
	}
	if err := b.Pending.Bind(t.Context(), step.RequestID, b.token, pending.Viewer{UserID: "usr_john", Epoch: 7}); err != nil {
		t.Fatal(err)
	}
	return step.RequestID
}

func (b *bench) approve(id string) flow.Decision {
	return flow.Decision{
		RequestID: id, Browser: b.token, UserID: "usr_john", Approval: &flow.Approval{WorkspaceID: "ws_acme", DisplayName: "John Doe"},
	}
}

func (b *bench) deny(id string) flow.Decision {
	return flow.Decision{RequestID: id, Browser: b.token, UserID: "usr_john"}
}

// parseResponse parses an authorization response and checks that it is appended to the redirect
// URI, byte for byte.
func parseResponse(t *testing.T, location secret.String, redirectURI string) url.Values {
	t.Helper()
	separator := "?"
	if strings.Contains(redirectURI, "?") {
		separator = "&"
	}
	response, found := strings.CutPrefix(location.Reveal(), redirectURI+separator)
	values, err := url.ParseQuery(response)
	if !found || err != nil {
		t.Fatalf("the response is sent to %q (%v), want %q", location.Reveal(), err, redirectURI)
	}
	return values
}

// change replaces a client of the registry.
func (b *bench) change(t *testing.T, id string, how func(registration *client.Registration)) {
	t.Helper()
	registration := authztest.Client(id)
	how(&registration)
	kept := secret.NewRecord(secret.New(authztest.WebSecret))
	if err := b.registry.Replace(t.Context(), registration, &kept); err != nil {
		t.Fatal(err)
	}
}
