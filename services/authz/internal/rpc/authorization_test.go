package rpc_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

const (
	notFound    = errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND
	invalid     = errorv1.Reason_REASON_INVALID_REQUEST
	unavailable = errorv1.Reason_REASON_UNAVAILABLE
)

func (b *bench) start(t *testing.T, query, session string) (*authzv1.Step, error) {
	t.Helper()
	res, err := b.authorizations.StartAuthorization(t.Context(), &authzv1.StartAuthorizationRequest{
		RawQuery: query, SessionToken: session, BrowserToken: b.token,
	})
	return res.GetStep(), err
}

// consent starts a request with a session.
func (b *bench) consent(t *testing.T) string {
	t.Helper()
	step, err := b.start(t, authztest.Query(), "john")
	if err != nil || step.GetConsent().GetRequestId() == "" {
		t.Fatalf("step %v, %v; want the consent screen", step, err)
	}
	return step.GetConsent().GetRequestId()
}

func TestEachStepIsItselfOnTheWire(t *testing.T) {
	b := newBench(t)
	if step, err := b.start(t, "", ""); err != nil || step.GetErrorPage().GetMessage() == "" {
		t.Errorf("an error page: %v, %v", step, err)
	}
	step, err := b.start(t, authztest.Query("scope", ""), "")
	if err != nil || !strings.HasPrefix(step.GetRedirect().GetLocation(), authztest.Callback+"?error=invalid_scope&") {
		t.Errorf("a redirect: %v, %v", step, err)
	}
	step, err = b.start(t, authztest.Query(), "")
	if id := step.GetSignIn().GetRequestId(); err != nil || !secret.ValidCode(id) {
		t.Errorf("signing in: %v, %v", step, err)
	}
	res, err := b.authorizations.ResumeAuthorization(t.Context(), &authzv1.ResumeAuthorizationRequest{
		RequestId: step.GetSignIn().GetRequestId(), SessionToken: "john", BrowserToken: b.token,
	})
	want := &authzv1.ResumeAuthorizationResponse{Step: &authzv1.Step{
		Next: &authzv1.Step_Consent{Consent: &authzv1.Consent{RequestId: step.GetSignIn().GetRequestId()}},
	}}
	if diff := cmp.Diff(want, res, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v, resumed (-want +got):\n%s", err, diff)
	}
}

func TestAFailureToStartOrResumeHasItsReason(t *testing.T) {
	b := newBench(t)
	id := b.consent(t)
	resume := func(id, session, browser string) error {
		res, err := b.authorizations.ResumeAuthorization(t.Context(), &authzv1.ResumeAuthorizationRequest{
			RequestId: id, SessionToken: session, BrowserToken: browser,
		})
		if err != nil && res != nil {
			t.Error("a failure comes with a response")
		}
		return err
	}
	wantReason(t, "another browser", resume(id, "john", secret.NewCode().Reveal()), notFound, "")
	wantReason(t, "an unknown request", resume(secret.NewCode().Reveal(), "john", b.token), notFound, "")
	wantReason(t, "a malformed request", resume("", "john", b.token), notFound, "")

	b.registry.Fail(sqldb.ErrUnavailable)
	_, err := b.start(t, authztest.Query(), "")
	wantReason(t, "the registry is down", err, unavailable, "")
	b.entries.Break("Put", shortlived.ErrUnavailable)
	_, err = b.start(t, authztest.Query(), "")
	wantReason(t, "the short-lived store is down", err, unavailable, "")
	b.entries.Break("Get", shortlived.ErrUnavailable)
	wantReason(t, "the short-lived store is down", resume(id, "john", b.token), unavailable, "")
	if oerr.RetryAfter(err) == 0 {
		t.Error("the error has no retry delay")
	}
}

// Signed out is a response of identity, and never an error on the way there.
func TestAnOutageOfIdentityIsNeverSignedOut(t *testing.T) {
	b := newBench(t)
	for what, row := range map[string]struct {
		err  error
		want errorv1.Reason
	}{
		"unavailable": {oerr.Unavailable(errors.New("redis")), unavailable},
		"gone":        {status.Error(codes.Unavailable, "connection refused"), unavailable},
		"too slow":    {status.Error(codes.DeadlineExceeded, "deadline"), unavailable},
		"refusing us": {oerr.New(errorv1.Reason_REASON_CALLER_DENIED, "no"), errorv1.Reason_REASON_CALLER_DENIED},
		"broken":      {status.Error(codes.Internal, "oops"), errorv1.Reason_REASON_UNSPECIFIED},
		"older":       {status.Error(codes.Unauthenticated, "no reason in it"), errorv1.Reason_REASON_UNSPECIFIED},
	} {
		b.identity.err = row.err
		step, err := b.start(t, authztest.Query("prompt", "login"), "john")
		wantReason(t, what, err, row.want, "")
		if step != nil {
			t.Errorf("%s: step %v", what, step)
		}
	}
}

func TestAnAuthorizationExpires(t *testing.T) {
	b := newBench(t)
	id := b.consent(t)
	b.clock.Advance(time.Hour)
	_, err := b.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{RequestId: id, BrowserToken: b.token})
	wantReason(t, "an hour later", err, notFound, "")
}

func TestFault_A7_EachStatusIsAStateOnTheWire(t *testing.T) {
	b := newBench(t)
	lookUp := func(id, session, browser string) *authzv1.LookUpAuthorizationResponse {
		t.Helper()
		res, err := b.authorizations.LookUpAuthorization(t.Context(), &authzv1.LookUpAuthorizationRequest{
			RequestId: id, SessionToken: session, BrowserToken: browser,
		})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	step, err := b.start(t, authztest.Query("prompt", "login", "login_hint", "john@example.com"), "john")
	if err != nil {
		t.Fatal(err)
	}
	again := step.GetSignIn().GetRequestId()
	want := &authzv1.LookUpAuthorizationResponse{
		State: authzv1.AuthorizationState_AUTHORIZATION_STATE_OPEN, ClientName: authztest.Client(authztest.Web).Name,
		RedirectOrigin: "https://app.test", LoginHint: "john@example.com",
		Step:         &authzv1.Step{Next: &authzv1.Step_SignIn{SignIn: &authzv1.SignIn{RequestId: again}}},
		SignInReason: authzv1.SignInReason_SIGN_IN_REASON_AGAIN,
	}
	if diff := cmp.Diff(want, lookUp(again, "john", b.token), protocmp.Transform()); diff != "" {
		t.Errorf("an open one (-want +got):\n%s", diff)
	}
	pending, err := b.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{
		RequestId: again, BrowserToken: b.token, SessionToken: "john",
	})
	if err != nil || !pending.GetAuthorization().GetSignInRequired() {
		t.Errorf("consent gets no sign-in requirement: %v, %v", pending, err)
	}

	id, values := b.approved(t)
	decide := func(user string, request func(id string) *authzv1.CompleteAuthorizationRequest) string {
		t.Helper()
		id := b.consent(t)
		req := request(id)
		req.UserId = user
		if err := b.bind(t, id, user, 7); err != nil {
			t.Fatal(err)
		}
		if _, err := b.complete(t, req); err != nil {
			t.Fatal(err)
		}
		return id
	}
	denied, others := decide("usr_john", b.denial), decide("usr_esther", b.approval)
	for state, got := range map[authzv1.AuthorizationState]*authzv1.LookUpAuthorizationResponse{
		authzv1.AuthorizationState_AUTHORIZATION_STATE_DENIED:        lookUp(denied, "john", b.token),
		authzv1.AuthorizationState_AUTHORIZATION_STATE_OTHER_PERSON:  lookUp(others, "john", b.token),
		authzv1.AuthorizationState_AUTHORIZATION_STATE_APPROVED:      lookUp(id, "john", b.token),
		authzv1.AuthorizationState_AUTHORIZATION_STATE_OTHER_BROWSER: lookUp(id, "john", secret.NewCode().Reveal()),
		authzv1.AuthorizationState_AUTHORIZATION_STATE_UNKNOWN:       lookUp("x", "john", b.token),
	} {
		decided := state != authzv1.AuthorizationState_AUTHORIZATION_STATE_OTHER_BROWSER && state != authzv1.AuthorizationState_AUTHORIZATION_STATE_UNKNOWN
		if got.GetState() != state || got.GetStep() != nil || (got.GetDecideTime() != nil) != decided {
			t.Errorf("%v, want %s", got, state)
		}
	}
	decided, err := b.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{
		RequestId: id, BrowserToken: b.token, SessionToken: "john", IncludeDecided: true,
	})
	outcome := decided.GetAuthorization().GetOutcome()
	hash := secret.Sum(values.Get("code"))
	if err != nil || !outcome.GetApproved() || outcome.GetUserId() != "usr_john" || outcome.GetWorkspaceId() != "ws_acme" ||
		string(outcome.GetCodeHash()) != string(hash.Bytes()) {
		t.Errorf("the outcome is %v, %v", outcome, err)
	}
	_, err = b.decisions.GetAuthorization(t.Context(), &authzv1.GetAuthorizationRequest{RequestId: id, BrowserToken: b.token})
	wantReason(t, "a decided one that was not requested", err, notFound, "")
	waiting := b.consent(t)
	b.clock.Advance(time.Hour)
	if got := lookUp(waiting, "john", b.token); got.GetState() != authzv1.AuthorizationState_AUTHORIZATION_STATE_EXPIRED || got.GetStep() != nil {
		t.Errorf("an expired one: %v", got)
	}
}

func TestFault_A8_ARequestIsCancelledAndContinuedOnTheWire(t *testing.T) {
	b := newBench(t)
	step, err := b.start(t, authztest.Query("prompt", "select_account"), "john")
	if err != nil {
		t.Fatal(err)
	}
	id := step.GetSignIn().GetRequestId()
	res, err := b.authorizations.ContinueAuthorization(t.Context(), &authzv1.ContinueAuthorizationRequest{
		RequestId: id, SessionToken: "john", BrowserToken: b.token,
	})
	if err != nil || res.GetStep().GetConsent().GetRequestId() != id {
		t.Errorf("continued: %v, %v", res, err)
	}
	for range 2 {
		cancelled, err := b.authorizations.CancelAuthorization(t.Context(), &authzv1.CancelAuthorizationRequest{
			RequestId: id, BrowserToken: b.token,
		})
		if err != nil || !strings.Contains(cancelled.GetStep().GetRedirect().GetLocation(), "error=access_denied") {
			t.Errorf("cancelled: %v, %v", cancelled, err)
		}
	}
	_, err = b.authorizations.ContinueAuthorization(t.Context(), &authzv1.ContinueAuthorizationRequest{
		RequestId: id, SessionToken: "john", BrowserToken: b.token,
	})
	wantReason(t, "a cancelled one", err, notFound, "")
}
