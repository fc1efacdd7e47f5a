package grant_test

import (
	"context"
	"crypto/sha256"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// recordedProofs authenticates a public client, and counts the proofs that it gets.
type recordedProofs struct{ proofs int }

func (r *recordedProofs) Authenticate(_ context.Context, req grant.Request) (grant.Client, error) {
	if req.Proof.ID != nil {
		r.proofs++
	}
	return grant.Client{ID: "app", GrantTypes: []string{oauth.RefreshTokenGrant}, Public: true}, nil
}

// TestN13_6_AProofOfNothingIsNotRecorded: anyone could have an entry recorded for each request that names a
// public client, with a refresh token that never was.
func TestN13_6_AProofOfNothingIsNotRecorded(t *testing.T) {
	b := newBench(0)
	held := b.mustIssue(t, redemption())
	spent := held.Refresh
	held = b.mustIssue(t, refreshing(held.Refresh))
	for name, row := range map[string]struct {
		token       string
		credentials grant.Credentials
		want        int
	}{
		"a malformed token":         {"x", as("app", ""), 0},
		"a token that never was":    {secret.Generate(secret.RefreshToken).Reveal(), as("app", ""), 0},
		"a spent token":             {spent.Reveal(), as("app", ""), 1},
		"a current token":           {held.Refresh.Reveal(), as("app", ""), 1},
		"a client that proves it":   {"x", as("app", "secret"), 1},
		"an unknown one beside one": {secret.Generate(secret.RefreshToken).Reveal(), as("app", "secret"), 1},
	} {
		clients := &recordedProofs{}
		endpoint := grant.NewEndpoint(clients, grant.RefreshToken{Store: b.store, Lifetimes: lifetimes(), Resources: grant.Resources{Catalog: resourceCatalog()}})
		req := refreshing(secret.New(row.token))
		req.Credentials, req.Proof = row.credentials, grant.Proof{Key: "key", Algorithm: "ES256", ID: &[sha256.Size]byte{1}}
		_, _ = endpoint.Issue(t.Context(), req) // the outcome is another test's
		if clients.proofs != row.want {
			t.Errorf("%s: %d proofs are recorded, want %d", name, clients.proofs, row.want)
		}
	}
}

// TestN13_6_AProofOfClientCredentialsThatProveNothingIsNotRecorded: anyone could have an entry recorded for each
// request that names a public client, which gets no token for itself.
func TestN13_6_AProofOfClientCredentialsThatProveNothingIsNotRecorded(t *testing.T) {
	for secretOf, want := range map[string]int{"": 0, "secret": 1} {
		clients := &recordedProofs{}
		_, _ = grant.NewEndpoint(clients, grant.ClientCredentials{Clients: clients}).Issue(t.Context(), grant.Request{
			GrantType: oauth.ClientCredentialsGrant, Credentials: as("app", secretOf),
			Proof: grant.Proof{Key: "key", Algorithm: "ES256", ID: &[sha256.Size]byte{1}},
		}) // refused either way: the client is not registered for the grant type
		if clients.proofs != want {
			t.Errorf("the secret %q: %d proofs are recorded, want %d", secretOf, clients.proofs, want)
		}
	}
}
