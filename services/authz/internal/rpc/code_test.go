package rpc_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
)

func TestACodeIsResolvedOrHasItsReason(t *testing.T) {
	b := newBench(t)
	id, values := b.approved(t)
	resolve := func(code string) (*authzv1.ResolveCodeResponse, error) {
		return b.codes.ResolveCode(t.Context(), &authzv1.ResolveCodeRequest{Code: code})
	}
	want := &authzv1.ResolveCodeResponse{
		ClientId: authztest.Web, RedirectUri: authztest.Callback, UserId: "usr_john", DisplayName: "John Doe", WorkspaceId: "ws_acme",
		Scopes: []string{"videos:read"}, Epoch: 7, DescriptionDigest: authztest.Client(authztest.Web).Description().Digest(),
	}
	for range 2 {
		got, err := resolve(values.Get("code"))
		if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
			t.Errorf("%v, facts (-want +got):\n%s", err, diff)
		}
	}
	const invalidCode = errorv1.Reason_REASON_INVALID_CODE
	for what, code := range map[string]string{"unknown": secret.NewCode().Reveal(), "malformed": "x", "none": "", "the request": id} {
		_, err := resolve(code)
		wantReason(t, what, err, invalidCode, "")
	}
	b.entries.Break("Get", shortlived.ErrUnavailable)
	_, err := resolve(values.Get("code"))
	wantReason(t, "the store is down", err, unavailable, "")
	b.entries.Break("Get", nil)
	b.clock.Advance(time.Minute)
	_, err = resolve(values.Get("code"))
	wantReason(t, "too old", err, invalidCode, "")
}

// TestAnAuthenticatedClientsCodeIsResolvedWithIt: as by ResolveCode, and only for valid credentials.
func TestAnAuthenticatedClientsCodeIsResolvedWithIt(t *testing.T) {
	b := newBench(t)
	_, values := b.approved(t)
	issued := values.Get("code")
	authenticate := func(proof, code string) (*authzv1.AuthenticateClientResponse, error) {
		return b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
			Credentials: []*authzv1.ClientCredentials{credentials(authztest.Web, proof)}, Code: code,
		})
	}
	want, err := b.codes.ResolveCode(t.Context(), &authzv1.ResolveCodeRequest{Code: issued})
	if err != nil {
		t.Fatal(err)
	}
	got, err := authenticate(authztest.WebSecret, issued)
	if diff := cmp.Diff(want, got.GetResolvedCode(), protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v, facts (-want +got):\n%s", err, diff)
	}
	if got, err := authenticate(authztest.WebSecret, ""); err != nil || got.GetCode() != nil {
		t.Errorf("without a code: %v, %v", got.GetCode(), err)
	}
	for code, why := range map[string]errorv1.Cause{
		secret.NewCode().Reveal(): errorv1.Cause_CAUSE_CODE_UNKNOWN, "x": errorv1.Cause_CAUSE_CODE_MALFORMED,
	} {
		got, err := authenticate(authztest.WebSecret, code)
		if err != nil || got.GetResolvedCode() != nil || got.GetCodeRefusal() != why || got.GetClient() == nil {
			t.Errorf("%q: %v, %v, want %v", code, got, err, why)
		}
	}
	before := b.entries.Calls()
	_, err = authenticate("wrong", issued)
	wantReason(t, "a wrong secret", err, errorv1.Reason_REASON_INVALID_CLIENT, "")
	if b.entries.Calls() != before {
		t.Error("the code of a client that failed to authenticate is looked up")
	}
	b.entries.Break("Get", shortlived.ErrUnavailable)
	_, err = authenticate(authztest.WebSecret, issued)
	wantReason(t, "the store is down", err, unavailable, "")
}

// TestN13_6_AProofOfACodeThatNeverWasIsNotRecorded: anyone could have an entry recorded for each request that
// names a public client.
func TestN13_6_AProofOfACodeThatNeverWasIsNotRecorded(t *testing.T) {
	b := newBench(t)
	b.clients.Proofs = client.Proofs{Entries: b.entries}
	_, values := b.approved(t)
	authenticate := func(code string) error {
		proof := secret.Sum("proof")
		_, err := b.clients.AuthenticateClient(t.Context(), &authzv1.AuthenticateClientRequest{
			Credentials: []*authzv1.ClientCredentials{credentials(authztest.Native, "")}, Code: code,
			Proof: &authzv1.Proof{Id: proof.Bytes(), LifetimeSeconds: 60},
		})
		return err
	}
	for range 2 { // the proof stays unused
		if err := authenticate(secret.NewCode().Reveal()); err != nil {
			t.Errorf("a code that never was: %v", err)
		}
	}
	if err := authenticate(values.Get("code")); err != nil {
		t.Errorf("a code: %v", err)
	}
	wantReason(t, "the second use of its proof", authenticate(values.Get("code")), errorv1.Reason_REASON_INVALID_DPOP_PROOF, "")
}
