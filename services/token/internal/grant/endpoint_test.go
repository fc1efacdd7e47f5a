package grant_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/granttest"
)

// witness is a grant and a client registry in one, which notes when each of its hooks runs.
type witness struct {
	calls      []string
	checkErr   error
	clientErr  error
	grantTypes []string
	readings   []oauth.ClientCredentials
	client     grant.Client
}

func (w *witness) Type() string { return "witnessed" }

func (w *witness) Check(grant.Request) error {
	w.calls = append(w.calls, "check")
	return w.checkErr
}

func (*witness) Known(context.Context, grant.Request) (bool, error) { return true, nil }

func (w *witness) Authenticate(_ context.Context, req grant.Request) (grant.Client, error) {
	w.calls, w.readings = append(w.calls, "authenticate"), req.Credentials.Readings
	return grant.Client{ID: "app", GrantTypes: w.grantTypes}, w.clientErr
}

func (w *witness) Issue(_ context.Context, client grant.Client, _ grant.Request) (grant.TokenPair, error) {
	w.calls, w.client = append(w.calls, "issue"), client
	return grant.TokenPair{Scope: "videos:read"}, nil
}

func TestPhasesRunInOneOrderAndTheFirstFailureEndsThem(t *testing.T) {
	errCheck, errClient := errors.New("a parameter is missing"), errors.New("wrong secret")
	// Each row fixes the failure of the row above, and leaves everything after it invalid.
	for _, row := range []struct {
		name      string
		witness   witness
		grantType string
		creds     grant.Credentials
		want      error
		field     string
		calls     []string
	}{
		{name: "no grant type", field: "grant_type"},
		{name: "unknown grant type", grantType: "password", want: grant.ErrUnsupportedGrantType},
		{
			name: "parameters", grantType: "witnessed",
			witness: witness{checkErr: errCheck, clientErr: errClient}, want: errCheck, calls: []string{"check"},
		},
		{
			name: "no client", grantType: "witnessed",
			witness: witness{clientErr: errClient}, field: "client_id", calls: []string{"check"},
		},
		{
			name: "wrong client", grantType: "witnessed", creds: as("app", "wrong"),
			witness: witness{clientErr: errClient}, want: errClient, calls: []string{"check", "authenticate"},
		},
		{
			name: "client may not", grantType: "witnessed", creds: as("app", "secret"),
			witness: witness{grantTypes: []string{"refresh_token"}}, want: grant.ErrUnauthorizedClient,
			calls: []string{"check", "authenticate"},
		},
		{
			name: "all right", grantType: "witnessed", creds: as("app", "secret"),
			witness: witness{grantTypes: []string{"refresh_token", "witnessed"}},
			calls:   []string{"check", "authenticate", "issue"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := row.witness
			_, err := grant.NewEndpoint(&w, &w).Issue(t.Context(), grant.Request{GrantType: row.grantType, Credentials: row.creds})
			if row.field != "" {
				wantField(t, err, row.field)
			} else if !errors.Is(err, row.want) {
				t.Errorf("Issue: %v, want %v", err, row.want)
			}
			if diff := cmp.Diff(row.calls, w.calls); diff != "" {
				t.Errorf("phases (-want +got):\n%s", diff)
			}
		})
	}
}

func wantField(t *testing.T, err error, name string) {
	t.Helper()
	var field *oauth.FieldError
	if !errors.As(err, &field) {
		t.Fatalf("Issue: %v, want a field error", err)
	}
	if field.Field != name || field.Problem == "" {
		t.Errorf("the error is about %q (%q), want %q", field.Field, field.Problem, name)
	}
}

func TestTheGrantIsRunForTheAuthenticatedClient(t *testing.T) {
	w := witness{grantTypes: []string{"witnessed"}}
	both := grant.Credentials{Readings: append(as("decoded", "one").Readings, as("raw", "two").Readings...)}
	pair, err := grant.NewEndpoint(&w, &w).Issue(t.Context(), grant.Request{GrantType: "witnessed", Credentials: both})
	if err != nil || pair.Scope != "videos:read" {
		t.Errorf("Issue: %q, %v: want the grant's own answer", pair.Scope, err)
	}
	if w.client.ID != "app" {
		t.Errorf("issued to %q, want who was authenticated", w.client.ID)
	}
	if len(w.readings) != 2 || w.readings[0].ID != "decoded" || w.readings[1].ID != "raw" {
		t.Errorf("readings %v, want both in their order", w.readings)
	}
}

func TestAMissingParameterIsNamedBeforeAnybodyIsAsked(t *testing.T) {
	for field, req := range map[string]grant.Request{
		"code":          redemption(func(r *grant.Request) { r.Code = secret.New("") }),
		"refresh_token": refreshing(secret.New("")),
	} {
		t.Run(field, func(t *testing.T) {
			b := newBench(0)
			_, err := b.issue(t, req)
			wantField(t, err, field)
			if calls := b.Take(); len(calls) != 0 {
				t.Errorf("calls %v for a request without %s", calls, field)
			}
		})
	}
}

// TestFailedClientAuthenticationTouchesNothing: docs/architecture.md, the way of a token request. A
// request with a wrong secret has no effect.
func TestFailedClientAuthenticationTouchesNothing(t *testing.T) {
	b := newBench(0)
	wrong := func(r *grant.Request) { r.Credentials = as("app", "wrong") }
	unknown := func(r *grant.Request) { r.Credentials = as("nobody", "secret") }

	b.refused(t, redemption(wrong), granttest.ErrClient, "Authenticate")
	first := b.mustIssue(t, redemption())
	b.refused(t, redemption(wrong), granttest.ErrClient, "Authenticate")
	b.refused(t, refreshing(first.Refresh, wrong), granttest.ErrClient, "Authenticate")
	second := b.mustIssue(t, refreshing(first.Refresh))
	b.refused(t, refreshing(first.Refresh, unknown), granttest.ErrClient, "Authenticate")
	b.refused(t, refreshing(secret.New("not a token"), wrong), granttest.ErrClient, "Authenticate")
	if !b.store.Live(secret.New(theCode)) {
		t.Error("a request without client authentication revoked the family")
	}
	b.mustIssue(t, refreshing(second.Refresh))
}

func TestAClientThatMayNotUseTheGrantTouchesNothing(t *testing.T) {
	b := newBench(0)
	pair := b.mustIssue(t, redemption())
	b.clients.GrantTypes = []string{"authorization_code"}
	b.refused(t, refreshing(pair.Refresh), grant.ErrUnauthorizedClient, "Authenticate")
	b.clients.GrantTypes = []string{"refresh_token"}
	b.refused(t, redemption(), grant.ErrUnauthorizedClient, "Authenticate")
	b.mustIssue(t, refreshing(pair.Refresh))
}

func TestAnOutageOfTheClientRegistryPassesThrough(t *testing.T) {
	b := newBench(0)
	b.Fail("Authenticate", errDown)
	b.refused(t, redemption(), errDown, "Authenticate")
}

func TestALifetimeBeyondItsFamilysIsNamed(t *testing.T) {
	if err := lifetimes().Validate(); err != nil {
		t.Errorf("the documented lifetimes: %v", err)
	}
	for name, change := range map[string]func(*grant.Lifetimes){
		"access_token_lifetime 1h0m0s is long": func(l *grant.Lifetimes) { l.Refresh, l.Family = time.Minute, time.Minute },
		"refresh_token_lifetime 720h0m0s is":   func(l *grant.Lifetimes) { l.Family = 24 * time.Hour },
	} {
		l := lifetimes()
		change(&l)
		if err := l.Validate(); err == nil || len(err.Error()) < len(name) || err.Error()[:len(name)] != name {
			t.Errorf("Validate: %v, want one that begins with %q", err, name)
		}
	}
}
