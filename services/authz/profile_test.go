package authz_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/jose/josetest"
)

const algorithmField = "id_token_signed_response_alg"

// wantIDTokens checks the algorithm of the key client's ID tokens, as the operator and the token service read it: at
// an authentication for an ID token, and in a list for a logout token.
func (b keyBench) wantIDTokens(t *testing.T, what, want string) {
	t.Helper()
	found, err := b.admin.FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: keyClient})
	if got := found.GetRegistration().GetClient().GetIdTokenSignedResponseAlg(); err != nil || got != want {
		t.Errorf("%s: the registration has %q, %v, want %q", what, got, err, want)
	}
	listed, err := b.clients.BatchGetClients(t.Context(), &authzv1.BatchGetClientsRequest{ClientIds: []string{keyClient}})
	if err != nil || len(listed.GetClients()) != 1 || listed.GetClients()[0].GetIdTokenSignedResponseAlg() != want {
		t.Errorf("%s: the list has %v, %v, want %q", what, listed, err, want)
	}
	authenticated, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
		Assertion: &authzv1.ClientAssertion{ClientAssertion: b.key.Sign(t, nil, b.claims())},
	})
	if got := authenticated.GetClient().GetIdTokenSignedResponseAlg(); err != nil || got != want {
		t.Errorf("%s: the authenticated client has %q, %v, want %q", what, got, err, want)
	}
}

// TestFAPI2_5_4_1_IDTokensAreNeverRS256: neither of a client that registers no algorithm, nor of one that an earlier
// build stored with RS256, which can still be changed.
func TestFAPI2_5_4_1_IDTokensAreNeverRS256(t *testing.T) {
	b := newKeyBench(t, func(r *authzv1.CreateClientRequest) { r.Profile = authzv1.Profile_PROFILE_FAPI2 })
	b.wantIDTokens(t, "no algorithm", "ES256")
	if _, err := b.db.Exec(t.Context(), "UPDATE clients SET id_token_alg = 'RS256' WHERE id = 'vdo_client_keys'"); err != nil {
		t.Fatal(err)
	}
	update := func(change *authzv1.UpdateClientRequest) error {
		change.ClientId = keyClient
		_, err := b.admin.UpdateClient(t.Context(), change)
		return err
	}
	if err := update(&authzv1.UpdateClientRequest{Name: proto.String("Renamed"), Profile: authzv1.Profile_PROFILE_FAPI2}); err != nil {
		t.Errorf("another name of a client that was stored with RS256: %v", err)
	}
	b.wantIDTokens(t, "stored with RS256", "ES256")
	wantFieldReason(t, "RS256", update(&authzv1.UpdateClientRequest{IdTokenSignedResponseAlg: "RS256"}), algorithmField)
	if err := update(&authzv1.UpdateClientRequest{Profile: authzv1.Profile_PROFILE_NONE}); err != nil {
		t.Fatal(err)
	}
	b.wantIDTokens(t, "without the profile", "RS256")
	wantFieldReason(t, "the profile of a client with RS256", update(&authzv1.UpdateClientRequest{Profile: authzv1.Profile_PROFILE_FAPI2}), algorithmField)
	both := &authzv1.UpdateClientRequest{Profile: authzv1.Profile_PROFILE_FAPI2, IdTokenSignedResponseAlg: "ES256"}
	if err := update(both); err != nil {
		t.Errorf("the profile with ES256: %v", err)
	}
	b.wantIDTokens(t, "the profile with ES256", "ES256")
}

func TestFAPI2_5_4_1_RS256IsNotRegistered(t *testing.T) {
	b := newKeyBench(t)
	_, err := b.admin.CreateClient(t.Context(), &authzv1.CreateClientRequest{
		Name: "Bank", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, Jwks: josetest.Set(b.key), RedirectUris: []string{"https://bank.test/cb"},
		Scopes: []string{"videos:read"}, Profile: authzv1.Profile_PROFILE_FAPI2, IdTokenSignedResponseAlg: "RS256",
	})
	wantFieldReason(t, "RS256", err, algorithmField)
	b.wantIDTokens(t, "no profile", "")
}
