package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// each runs a test on both engines.
func each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	sqldbtest.Each(t, store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		test(t, store.New(db))
	})
}

// eachLater is like each, for tests that move the clock: later opens the same store with that much
// time passed.
func eachLater(t *testing.T, test func(t *testing.T, later func(time.Duration) *store.Store)) {
	t.Helper()
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		test(t, func(passed time.Duration) *store.Store { return store.New(reopen(passed)) })
	})
}

// Example returns a confidential client.
func Example() client.Registration {
	return client.Registration{
		Client: client.Client{
			ID: "vdo_client_example", Name: "Example “App” <b>", Type: client.Confidential,
			GrantTypes: []string{oauth.AuthorizationCodeGrant, oauth.RefreshTokenGrant}, Reuse: oauth.ReuseSubject,
		},
		RedirectURIs: []string{"https://yourapp.com/callback", "https://another.test/b", "https://another.test/a"},
		Scope:        oauth.Scope{"videos:read", "analyze:write"},
	}
}

// Native returns a public client, with a retry window of its own.
func Native() client.Registration {
	registration, window := Example(), 10*time.Second
	registration.RefreshRetry = &window
	registration.ID, registration.Type = "vdo_client_native", client.Public
	registration.RedirectURIs = []string{"http://127.0.0.1/callback"}
	registration.DefaultScope, registration.ApplicationType, registration.Unverified = oauth.Scope{"videos:read"}, client.Native, true
	registration.OptionalScope = oauth.Scope{"analyze:write"}
	registration.Identity = oauth.AppIdentity{
		Publisher: "Example “Ltd” <b>", Purpose: "Tests clients", ClientURI: "https://yourapp.com/", PolicyURI: "https://yourapp.com/privacy", TermsURI: "https://yourapp.com/terms",
	}
	return registration
}

// newSecret returns the stored form of a new secret.
func newSecret() *secret.Record {
	kept := secret.NewRecord(secret.Generate(secret.ClientSecret))
	return &kept
}

func create(t *testing.T, s *store.Store, registration client.Registration, current *secret.Record) {
	t.Helper()
	if err := s.CreateClient(t.Context(), registration, current); err != nil {
		t.Fatalf("registering %s: %v", registration.ID, err)
	}
}

// valid returns the secrets with which the client can authenticate now.
func valid(t *testing.T, s *store.Store, id string) []secret.Hash {
	t.Helper()
	record, err := s.Credentials(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return record.Secrets
}

// wantValid compares regardless of order.
func wantValid(t *testing.T, s *store.Store, id string, want ...*secret.Record) {
	t.Helper()
	got := valid(t, s, id)
	if len(got) != len(want) {
		t.Fatalf("%d secrets are valid, want %d", len(got), len(want))
	}
	for i, w := range want {
		if !slices.Contains(got, w.Hash) {
			t.Errorf("secret %d of %d is not valid", i+1, len(want))
		}
	}
}
