package authz_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/services/authz"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

const callback = "https://yourapp.com/callback"

// documented is the request of the documents' example, with special characters in its state.
func documented() string {
	return authztest.NativeQuery(
		"client_id", "vdo_client_public123", "redirect_uri", callback, "scope", "videos:read analyze:write", "state", "\x00 é&=\u2028",
	)
}

func (b *bench) start(t *testing.T, query, session string) *authzv1.Step {
	t.Helper()
	res, err := b.browser.StartAuthorization(t.Context(), &authzv1.StartAuthorizationRequest{
		RawQuery: query, SessionToken: session, BrowserToken: b.token,
	})
	if err != nil {
		t.Fatalf("StartAuthorization: %v", err)
	}
	return res.GetStep()
}

// signIn resumes a request that was started signed out, and returns the request of the consent
// screen.
func (b *bench) signIn(t *testing.T, id string) string {
	t.Helper()
	res, err := b.browser.ResumeAuthorization(t.Context(), &authzv1.ResumeAuthorizationRequest{
		RequestId: id, SessionToken: "john", BrowserToken: b.token,
	})
	if err != nil || res.GetStep().GetConsent().GetRequestId() != id {
		t.Fatalf("ResumeAuthorization: %v, %v", res, err)
	}
	return id
}

func (b *bench) bind(t *testing.T, id string) {
	t.Helper()
	_, err := b.decisions.BindPrompt(t.Context(), &authzv1.BindPromptRequest{
		RequestId: id, BrowserToken: b.token, UserId: "usr_john", Epoch: 7,
	})
	if err != nil {
		t.Fatalf("BindPrompt: %v", err)
	}
}

func (b *bench) approval(id string) *authzv1.CompleteAuthorizationRequest {
	return &authzv1.CompleteAuthorizationRequest{
		RequestId: id, BrowserToken: b.token, UserId: "usr_john",
		Decision: &authzv1.CompleteAuthorizationRequest_Approval{Approval: &authzv1.Approval{WorkspaceId: "ws_acme", DisplayName: "John Doe"}},
	}
}

func TestARequestFromStartToCode(t *testing.T) {
	b := newBench(t)
	step := b.start(t, documented(), "")
	id := b.signIn(t, step.GetSignIn().GetRequestId())
	shown, err := b.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{RequestId: id, BrowserToken: b.token})
	if a := shown.GetAuthorization(); err != nil || a.GetClientName() != "Example Public App" || a.GetRedirectOrigin() != "https://yourapp.com" {
		t.Fatalf("GetAuthorization: %v, %v", shown, err)
	}
	b.bind(t, id)
	done, err := b.decisions.CompleteAuthorization(t.Context(), b.approval(id))
	if err != nil {
		t.Fatalf("CompleteAuthorization: %v", err)
	}
	response, found := strings.CutPrefix(done.GetLocation(), callback+"?")
	got, err := url.ParseQuery(response)
	if !found || err != nil || got.Get("state") != "\x00 é&=\u2028" || got.Get("iss") != publicURL {
		t.Errorf("the browser goes to %q", done.GetLocation())
	}
	want := &authzv1.ResolveCodeResponse{
		ClientId: "vdo_client_public123", RedirectUri: callback, CodeChallenge: authztest.Challenge, UserId: "usr_john",
		DisplayName: "John Doe", WorkspaceId: "ws_acme", Scopes: []string{"videos:read", "analyze:write"}, Epoch: 7,
	}
	for range 2 { // the token service ensures that a code is redeemed once
		facts, err := b.codes.ResolveCode(t.Context(), &authzv1.ResolveCodeRequest{Code: got.Get("code")})
		diff := cmp.Diff(want, facts, protocmp.Transform(), protocmp.IgnoreFields(want, "description_digest"))
		if err != nil || diff != "" || facts.GetDescriptionDigest() == "" {
			t.Errorf("%v, digest %q, facts (-want +got):\n%s", err, facts.GetDescriptionDigest(), diff)
		}
	}
	again, err := b.decisions.CompleteAuthorization(t.Context(), b.approval(id))
	if err != nil || again.GetLocation() != done.GetLocation() {
		t.Errorf("the same decision again: %v", err)
	}
	denial := b.approval(id)
	denial.Decision = &authzv1.CompleteAuthorizationRequest_Denial{Denial: &authzv1.Denial{}}
	_, err = b.decisions.CompleteAuthorization(t.Context(), denial)
	wantReason(t, "another decision", err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND)
	b.clock.Advance(authz.DefaultConfig().CodeLifetime)
	_, err = b.codes.ResolveCode(t.Context(), &authzv1.ResolveCodeRequest{Code: got.Get("code")})
	wantReason(t, "an old code", err, errorv1.Reason_REASON_INVALID_CODE)
}

func TestConfiguredLifetimesHold(t *testing.T) {
	b := newBench(t)
	id := b.signIn(t, b.start(t, documented(), "").GetSignIn().GetRequestId())
	b.clock.Advance(authz.DefaultConfig().PromptLifetime - time.Second)
	b.bind(t, id)
	b.clock.Advance(time.Second)
	_, err := b.decisions.CompleteAuthorization(t.Context(), b.approval(id))
	wantReason(t, "half an hour later", err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND)
}

func TestIdentityDownIsUnavailableForTheGatewayToo(t *testing.T) {
	b := newBench(t)
	for what, down := range map[string]error{
		"gone": status.Error(codes.Unavailable, "gone"), "its database is down": oerrUnavailable(),
	} {
		b.identity.breakDown(down)
		_, err := b.browser.StartAuthorization(t.Context(), &authzv1.StartAuthorizationRequest{
			RawQuery: documented() + "&max_age=60", SessionToken: "john", BrowserToken: b.token,
		})
		wantReason(t, what, err, errorv1.Reason_REASON_UNAVAILABLE)
	}
	if step := b.start(t, documented(), ""); step.GetSignIn() == nil {
		t.Errorf("without a session: %v", step)
	}
}

func TestTheDatabaseDownIsUnavailable(t *testing.T) {
	b := newBench(t)
	id := b.start(t, documented(), "john").GetConsent().GetRequestId()
	b.bind(t, id)
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	const unavailable = errorv1.Reason_REASON_UNAVAILABLE
	start := func() error {
		_, err := b.browser.StartAuthorization(t.Context(), &authzv1.StartAuthorizationRequest{RawQuery: documented(), BrowserToken: b.token})
		return err
	}
	err := start()
	for deadline := time.Now().Add(time.Minute); err == nil && time.Now().Before(deadline); { // the clients in memory are used until the lease ends
		err = start()
	}
	wantReason(t, "StartAuthorization", err, unavailable)
	_, err = b.decisions.CompleteAuthorization(t.Context(), b.approval(id))
	wantReason(t, "CompleteAuthorization", err, unavailable)
	_, err = b.clients.AuthenticateClient(t.Context(), authenticate("vdo_client_abc123", "vdo_secret_xyz789"))
	wantReason(t, "AuthenticateClient", err, unavailable)
	// Requests that need no database are still served.
	if _, err := b.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{RequestId: id, BrowserToken: b.token}); err != nil {
		t.Errorf("GetAuthorization: %v", err)
	}
}

func TestEachCallerMayCallItsOwn(t *testing.T) {
	b := newBench(t)
	const denied = errorv1.Reason_REASON_CALLER_DENIED
	for _, caller := range []string{"consent", "token", "identity", "operator", "local", "video-api"} {
		_, err := authzv1.NewAuthorizationServiceClient(dial(t, b.network, caller, "authz")).
			StartAuthorization(t.Context(), &authzv1.StartAuthorizationRequest{RawQuery: documented(), BrowserToken: b.token})
		wantReason(t, caller+", StartAuthorization", err, denied)
	}
	for _, caller := range []string{"gateway", "token", "identity", "operator", "local", "video-api"} {
		conn := dial(t, b.network, caller, "authz")
		_, err := authzv1.NewDecisionServiceClient(conn).CompleteAuthorization(t.Context(), b.approval("x"))
		wantReason(t, caller+", CompleteAuthorization", err, denied)
	}
	for _, caller := range []string{"gateway", "identity", "operator", "local", "video-api"} {
		_, err := authzv1.NewClientServiceClient(dial(t, b.network, caller, "authz")).BatchGetClients(t.Context(), &authzv1.BatchGetClientsRequest{})
		wantReason(t, caller+", BatchGetClients", err, denied)
	}
	for _, caller := range []string{"gateway", "consent", "identity", "operator", "local", "video-api"} {
		conn := dial(t, b.network, caller, "authz")
		_, err := authzv1.NewCodeServiceClient(conn).ResolveCode(t.Context(), &authzv1.ResolveCodeRequest{})
		wantReason(t, caller+", ResolveCode", err, denied)
		_, err = authzv1.NewClientServiceClient(conn).AuthenticateClient(t.Context(), authenticate("vdo_client_public123", ""))
		wantReason(t, caller+", AuthenticateClient", err, denied)
		_, err = authzv1.NewAdministrationServiceClient(conn).
			ApplyDisableClient(t.Context(), &authzv1.ApplyDisableClientRequest{ClientId: "vdo_client_public123"})
		wantReason(t, caller+", ApplyDisableClient", err, denied)
	}
	for _, caller := range []string{"gateway", "consent", "token", "identity", "local", "video-api"} {
		_, err := authzv1.NewAdministrationServiceClient(dial(t, b.network, caller, "authz")).
			EnableClient(t.Context(), &authzv1.EnableClientRequest{ClientId: "vdo_client_public123"})
		wantReason(t, caller+", EnableClient", err, denied)
	}
}
