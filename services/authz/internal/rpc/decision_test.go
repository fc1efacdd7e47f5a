package rpc_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

func (b *bench) bind(t *testing.T, id, user string, epoch int64) error {
	t.Helper()
	_, err := b.decisions.BindPrompt(t.Context(), &authzv1.BindPromptRequest{
		RequestId: id, BrowserToken: b.token, UserId: user, Epoch: epoch,
	})
	return err
}

// approval is an approval of John's.
func (b *bench) approval(id string) *authzv1.CompleteAuthorizationRequest {
	return &authzv1.CompleteAuthorizationRequest{
		RequestId: id, BrowserToken: b.token, UserId: "usr_john",
		Decision: &authzv1.CompleteAuthorizationRequest_Approval{Approval: &authzv1.Approval{WorkspaceId: "ws_acme", DisplayName: "John Doe"}},
	}
}

func (b *bench) denial(id string) *authzv1.CompleteAuthorizationRequest {
	return &authzv1.CompleteAuthorizationRequest{
		RequestId: id, BrowserToken: b.token, UserId: "usr_john",
		Decision: &authzv1.CompleteAuthorizationRequest_Denial{Denial: &authzv1.Denial{}},
	}
}

// approved returns an authorization that usr_john approved, and its response.
func (b *bench) approved(t *testing.T) (id string, values url.Values) {
	t.Helper()
	id = b.consent(t)
	if err := b.bind(t, id, "usr_john", 7); err != nil {
		t.Fatal(err)
	}
	values, err := b.complete(t, b.approval(id))
	if err != nil {
		t.Fatal(err)
	}
	return id, values
}

// complete sends a decision and parses the authorization response.
func (b *bench) complete(t *testing.T, req *authzv1.CompleteAuthorizationRequest) (url.Values, error) {
	t.Helper()
	res, err := b.decisions.CompleteAuthorization(t.Context(), req)
	if err != nil {
		if res != nil {
			t.Error("a failure comes with a response")
		}
		return nil, err
	}
	response, found := strings.CutPrefix(res.GetLocation(), authztest.Callback+"?")
	values, parseErr := url.ParseQuery(response)
	if !found || parseErr != nil {
		t.Fatalf("the response is sent to %q", res.GetLocation())
	}
	return values, nil
}

func TestGetAuthorizationReturnsTheRequest(t *testing.T) {
	b := newBench(t)
	id := b.consent(t)
	get := func() *authzv1.PendingAuthorization {
		res, err := b.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{RequestId: id, BrowserToken: b.token})
		if err != nil {
			t.Fatal(err)
		}
		return res.GetAuthorization()
	}
	want := &authzv1.PendingAuthorization{
		RequestId: id, ClientId: authztest.Web, ClientName: authztest.Client(authztest.Web).Name, RedirectOrigin: "https://app.test",
		Scopes: []string{"videos:read"}, EpochInDecision: true,
		Identity: &authzv1.AppIdentity{Verified: true}, Confidential: true, DescriptionDigest: authztest.Client(authztest.Web).Description().Digest(),
	}
	if diff := cmp.Diff(want, get(), protocmp.Transform()); diff != "" {
		t.Errorf("before Bind (-want +got):\n%s", diff)
	}
	if err := b.bind(t, id, "usr_john", 7); err != nil {
		t.Fatal(err)
	}
	want.UserId, want.Epoch = "usr_john", 7
	if diff := cmp.Diff(want, get(), protocmp.Transform()); diff != "" {
		t.Errorf("after Bind (-want +got):\n%s", diff)
	}
}

func TestAFailureToBindHasItsReason(t *testing.T) {
	b := newBench(t)
	id := b.consent(t)
	wantReason(t, "no user", b.bind(t, id, "", 7), invalid, "user_id")
	wantReason(t, "an unknown request", b.bind(t, secret.NewCode().Reveal(), "usr_john", 7), notFound, "")
	for range 2 {
		if err := b.bind(t, id, "usr_john", 7); err != nil {
			t.Errorf("John: %v", err)
		}
	}
	wantReason(t, "another epoch", b.bind(t, id, "usr_john", 8), errorv1.Reason_REASON_AUTHORIZATION_STALE, "")
	if err := b.bind(t, id, "usr_esther", 9); err != nil {
		t.Errorf("another user, who replaces the viewer: %v", err)
	}
	b.entries.Break("Get", shortlived.ErrUnavailable)
	wantReason(t, "the store is down", b.bind(t, id, "usr_john", 7), unavailable, "")
}

func TestAFailureToShowHasItsReason(t *testing.T) {
	b := newBench(t)
	id := b.consent(t)
	get := func(id, browser string) error {
		_, err := b.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{RequestId: id, BrowserToken: browser})
		return err
	}
	wantReason(t, "another browser", get(id, secret.NewCode().Reveal()), notFound, "")
	wantReason(t, "no request", get("", b.token), notFound, "")
	b.entries.Break("Get", shortlived.ErrUnavailable)
	wantReason(t, "the store is down", get(id, b.token), unavailable, "")
}

func TestAFailureToDecideHasItsReasonAndClosesNothing(t *testing.T) {
	b := newBench(t)
	id := b.consent(t)
	_, err := b.complete(t, b.approval(id))
	wantReason(t, "a screen that was not shown", err, notFound, "")
	if err := b.bind(t, id, "usr_john", 7); err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		change func(req *authzv1.CompleteAuthorizationRequest)
		want   errorv1.Reason
		field  string
	}{
		"no decision": {func(r *authzv1.CompleteAuthorizationRequest) { r.Decision = nil }, invalid, "decision"},
		"no workspace": {func(r *authzv1.CompleteAuthorizationRequest) {
			r.Decision = &authzv1.CompleteAuthorizationRequest_Approval{Approval: &authzv1.Approval{DisplayName: "John Doe"}}
		}, invalid, "approval.workspace_id"},
		"another user":    {func(r *authzv1.CompleteAuthorizationRequest) { r.UserId = "usr_esther" }, notFound, ""},
		"no user":         {func(r *authzv1.CompleteAuthorizationRequest) { r.UserId = "" }, notFound, ""},
		"another browser": {func(r *authzv1.CompleteAuthorizationRequest) { r.BrowserToken = secret.NewCode().Reveal() }, notFound, ""},
		"another request": {func(r *authzv1.CompleteAuthorizationRequest) { r.RequestId = secret.NewCode().Reveal() }, notFound, ""},
	} {
		req := b.approval(id)
		row.change(req)
		_, err := b.complete(t, req)
		wantReason(t, what, err, row.want, row.field)
	}
	if values, err := b.complete(t, b.approval(id)); err != nil || !secret.ValidCode(values.Get("code")) {
		t.Errorf("the right decision: %v, %v", values, err)
	}
}

func TestADecisionDuringAnOutageIsUnavailableAndWaits(t *testing.T) {
	b := newBench(t)
	id := b.consent(t)
	if err := b.bind(t, id, "usr_john", 7); err != nil {
		t.Fatal(err)
	}
	b.registry.Fail(sqldb.ErrUnavailable)
	_, err := b.complete(t, b.approval(id))
	wantReason(t, "the registry is down", err, unavailable, "")
	b.entries.Break("CompareAndSet", shortlived.ErrUnavailable)
	_, err = b.complete(t, b.denial(id))
	wantReason(t, "the short-lived store is down", err, unavailable, "")
	b.entries.Break("CompareAndSet", nil)
	if values, err := b.complete(t, b.denial(id)); err != nil || values.Get("error") != "access_denied" || values.Has("code") {
		t.Errorf("the denial: %v, %v", values, err)
	}
	_, err = b.complete(t, b.approval(id))
	wantReason(t, "a second decision", err, notFound, "")
}
