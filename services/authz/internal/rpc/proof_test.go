package rpc_test

import (
	"testing"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/device"
	"github.com/vidocu/usher/services/authz/internal/rpc"
)

// proved is the request of a public client, with a DPoP proof that is always the same.
func proved(clientID string) *authzv1.AuthenticateClientRequest {
	proof := secret.Sum("proof")
	return &authzv1.AuthenticateClientRequest{
		Credentials: []*authzv1.ClientCredentials{credentials(clientID, "")}, Proof: &authzv1.Proof{Id: proof.Bytes(), LifetimeSeconds: 60},
	}
}

// TestN13_6_AProofIsRecordedOnceADeviceIsApproved, and before that neither for a device code that never was nor
// for one that waits: anyone could have an entry recorded for each poll. An approval outlives a refused proof.
func TestN13_6_AProofIsRecordedOnceADeviceIsApproved(t *testing.T) {
	b := newBench(t)
	f := b.clients.Flow
	f.Devices = &device.Store{Entries: b.entries, Lifetime: time.Minute, Interval: time.Second, Now: b.clock.Now}
	b.clients.Flow, b.clients.Proofs = f, client.Proofs{Entries: b.entries}
	devices := &rpc.Devices{Clients: b.clients, Flow: f}
	started, err := devices.StartDeviceAuthorization(t.Context(), &authzv1.StartDeviceAuthorizationRequest{
		Client: &authzv1.AuthenticateClientRequest{Credentials: proved(authztest.TV).GetCredentials()}, Scope: "videos:read",
	})
	if err != nil {
		t.Fatal(err)
	}
	poll := func(code string, proof bool) (*authzv1.AuthenticateClientResponse, error) {
		req := proved(authztest.TV)
		req.DeviceCode = code
		if !proof {
			req.Proof = nil
		}
		return b.clients.AuthenticateClient(t.Context(), req)
	}
	for range 2 { // the proof stays unused
		for what, code := range map[string]string{"never was": secret.NewCode().Reveal(), "waits": started.GetDeviceCode()} {
			if got, err := poll(code, true); err != nil || got.GetCodeRefusal() == 0 {
				t.Errorf("a device code that %s: %v, %v", what, got, err)
			}
		}
	}
	claimed, err := devices.ClaimDeviceAuthorization(t.Context(), &authzv1.ClaimDeviceAuthorizationRequest{
		UserCode: started.GetUserCode(), SessionToken: "john", BrowserToken: b.token,
	})
	if err != nil {
		t.Fatal(err)
	}
	id := claimed.GetStep().GetConsent().GetRequestId()
	if err := b.bind(t, id, "usr_john", 7); err != nil {
		t.Fatal(err)
	}
	if _, err := b.decisions.CompleteAuthorization(t.Context(), b.approval(id)); err != nil {
		t.Fatal(err)
	}
	if got, err := poll(started.GetDeviceCode(), true); err != nil || got.GetResolvedCode() == nil {
		t.Errorf("an approved device: %v, %v", got, err)
	}
	_, err = poll(started.GetDeviceCode(), true)
	wantReason(t, "the second use of its proof", err, errorv1.Reason_REASON_INVALID_DPOP_PROOF, "")
	if got, err := poll(started.GetDeviceCode(), false); err != nil || got.GetResolvedCode() == nil {
		t.Errorf("the device after that: %v, %v", got, err)
	}
}
