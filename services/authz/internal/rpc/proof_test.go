package rpc_test

import (
	"context"
	"testing"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/ratelimit"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/device"
	"github.com/vidocu/usher/services/authz/internal/document"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pushed"
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

// TestN13_6_AProofOfARefusedPushIsNotRecorded, neither for its form nor for the limit of its source: anyone could
// have an entry recorded for each request.
func TestN13_6_AProofOfARefusedPushIsNotRecorded(t *testing.T) {
	b := newBench(t)
	b.clients.Proofs = client.Proofs{Entries: b.entries}
	f := b.clients.Flow
	f.Pushed = &pushed.Store{Entries: b.entries, Decided: time.Hour, Now: b.clock.Now}
	push := func(form string) (*authzv1.PushAuthorizationResponse, error) {
		pushes := &rpc.PushedAuthorizations{Clients: b.clients, Flow: f}
		from := proved(authztest.Native)
		from.SourceAddress = "192.0.2.1"
		return pushes.PushAuthorization(t.Context(), &authzv1.PushAuthorizationRequest{Client: from, Form: form})
	}
	for range 2 { // the proof stays unused
		if got, err := push("scope=videos:read"); err != nil || got.GetRefusal() == nil {
			t.Errorf("a form without a redirect URI: %v, %v", got, err)
		}
	}
	f.Starts = flow.StartLimit{
		Budgets: ratelimit.NewPrepaid(&ratelimit.Limiter{Entries: shortlived.NewMemory(shortlived.MemoryOptions{Now: b.clock.Now}), Now: b.clock.Now}),
		Source:  ratelimit.Budget{Limit: 1, Window: time.Minute},
	}
	if err := f.Starts.Allow(t.Context(), flow.Starter{Source: "192.0.2.1"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := push(authztest.NativeQuery())
		wantReason(t, "a source over its limit", err, errorv1.Reason_REASON_RATE_LIMITED, "")
	}
	f.Starts = flow.StartLimit{}
	if got, err := push(authztest.NativeQuery()); err != nil || got.GetRequestUri() == "" {
		t.Errorf("a valid push: %v, %v", got, err)
	}
	got, err := push(authztest.NativeQuery())
	wantReason(t, "the second use of its proof", err, errorv1.Reason_REASON_INVALID_DPOP_PROOF, "")
	if got != nil {
		t.Errorf("the second use of its proof returns %v", got)
	}
}

// outdated is the registry of a client whose document can be read no more: its tokens live on with the copy, and
// a new authorization has none.
type outdated struct {
	flow.Clients

	failure *document.Failure
}

func (o outdated) Find(context.Context, string) (client.Registration, error) {
	return client.Registration{}, o.failure
}

// TestMCPFailure_9_APushWhoseDocumentCannotBeReadMayBeRepeated: the copy authenticates the client, and the
// authorization needs the document. A document that describes no client is refused for good.
func TestMCPFailure_9_APushWhoseDocumentCannotBeReadMayBeRepeated(t *testing.T) {
	b := newBench(t)
	f := b.clients.Flow
	f.Pushed = &pushed.Store{Entries: b.entries, Decided: time.Hour, Now: b.clock.Now}
	push := func(failure document.Failure) (*authzv1.PushAuthorizationResponse, error) {
		f.Clients = outdated{f.Clients, &failure}
		pushes := &rpc.PushedAuthorizations{Clients: b.clients, Flow: f}
		return pushes.PushAuthorization(t.Context(), &authzv1.PushAuthorizationRequest{
			Client: &authzv1.AuthenticateClientRequest{Credentials: proved(authztest.Native).GetCredentials()}, Form: authztest.NativeQuery(),
		})
	}
	for _, temporary := range []bool{true, false} {
		_, err := push(document.Failure{Kind: document.Unreadable, Host: "client.example", Detail: "status 403", Temporary: temporary})
		wantReason(t, "a document that cannot be read", err, errorv1.Reason_REASON_UNAVAILABLE, "")
		if oerr.RetryAfter(err) != 30*time.Second || oerr.Cause(err) != errorv1.Cause_CAUSE_CLIENT_DOCUMENT_UNREADABLE {
			t.Errorf("it may be repeated after %s, for %s", oerr.RetryAfter(err), oerr.Cause(err))
		}
	}
	got, err := push(document.Failure{Kind: document.Invalid, Host: "client.example", Detail: "empty"})
	if err != nil || got.GetRefusal().GetError() != "invalid_request" {
		t.Errorf("a document that describes no client: %v, %v", got, err)
	}
}
