package consent_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

func TestWhatADecisionIsRefusedFor(t *testing.T) {
	for name, c := range map[string]struct {
		change func(req *consentv1.DecideRequest, p *peers)
		reason errorv1.Reason
		field  string
	}{
		"no session": {
			func(req *consentv1.DecideRequest, _ *peers) { req.SessionToken = "" },
			errorv1.Reason_REASON_SESSION_REQUIRED, "",
		},
		"another browser": {
			func(req *consentv1.DecideRequest, _ *peers) { req.BrowserToken = "other" },
			errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "",
		},
		"another person's page, bound by release 0.1": {
			func(req *consentv1.DecideRequest, p *peers) { req.Page, p.pending.UserId = nil, "usr_jane" },
			errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "",
		},
		"no decision": {
			func(req *consentv1.DecideRequest, _ *peers) { req.Decision = consentv1.Decision_DECISION_UNSPECIFIED },
			errorv1.Reason_REASON_INVALID_REQUEST, "decision",
		},
		"a decision that the contract does not know": {
			func(req *consentv1.DecideRequest, _ *peers) { req.Decision = 7 },
			errorv1.Reason_REASON_INVALID_REQUEST, "decision",
		},
		"no workspace": {
			func(req *consentv1.DecideRequest, _ *peers) { req.WorkspaceId = "" },
			errorv1.Reason_REASON_INVALID_REQUEST, "workspace_id",
		},
		"a workspace of others": {
			func(req *consentv1.DecideRequest, _ *peers) { req.WorkspaceId = "ws_foreign" },
			errorv1.Reason_REASON_WORKSPACE_FORBIDDEN, "",
		},
		"a revocation while the page was open": {
			func(_ *consentv1.DecideRequest, p *peers) { p.epoch++ },
			errorv1.Reason_REASON_AUTHORIZATION_STALE, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, req := newBench(t), approval()
			b.prompt(t)
			b.peers.set(func(p *peers) { c.change(req, p) })
			_, err := b.consents.Decide(t.Context(), req)
			wantReason(t, err, c.reason, c.field)
			if b.peers.completed != nil {
				t.Error("the request is completed")
			}
			b.peers.set(func(p *peers) { p.epoch = 0 })
			if apps := b.list(t); len(apps) != 0 {
				t.Errorf("%d apps are connected", len(apps))
			}
		})
	}
}

func TestWhatAPromptIsRefusedFor(t *testing.T) {
	b := newBench(t)
	signedOut, unknown := promptRequest(), promptRequest()
	signedOut.SessionToken, unknown.RequestId = "", "other"
	_, err := b.consents.GetPrompt(t.Context(), signedOut)
	wantReason(t, err, errorv1.Reason_REASON_SESSION_REQUIRED, "")
	_, err = b.consents.GetPrompt(t.Context(), unknown)
	wantReason(t, err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "")

	b.prompt(t)
	b.peers.set(func(p *peers) { p.epoch++ })
	if page := b.prompt(t).GetPage(); page.GetEpoch() != 1 {
		t.Errorf("a page that is opened after a revocation shows %v", page)
	}
	b.peers.set(func(p *peers) { p.pending.SignInRequired = true })
	_, err = b.consents.GetPrompt(t.Context(), promptRequest())
	wantReason(t, err, errorv1.Reason_REASON_SESSION_REQUIRED, "")
	b.peers.set(func(p *peers) { p.pending.Outcome = &authzv1.Outcome{Approved: true, UserId: "usr_jane"} })
	_, err = b.consents.GetPrompt(t.Context(), promptRequest())
	wantReason(t, err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "")
}

func TestFault_A2_AnOutcomeIsToldOnTheWire(t *testing.T) {
	b := newBench(t)
	b.prompt(t)
	get := func() (*consentv1.GetOutcomeResponse, error) {
		return b.consents.GetOutcome(t.Context(), &consentv1.GetOutcomeRequest{
			RequestId: "request", SessionToken: "john", BrowserToken: "browser",
		})
	}
	_, err := get()
	wantReason(t, err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "")
	at := timestamppb.New(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	b.peers.set(func(p *peers) {
		p.redeemed = []byte("hash of a code")
		p.pending.Outcome = &authzv1.Outcome{
			Approved: true, UserId: "usr_john", WorkspaceId: "ws_acme", DecideTime: at, CodeHash: []byte("hash of a code"),
		}
	})
	got, err := get()
	want := &consentv1.GetOutcomeResponse{
		ClientName: "Example App", RedirectOrigin: "https://yourapp.com", Decision: consentv1.Decision_DECISION_APPROVE,
		Workspace: &consentv1.PromptWorkspace{WorkspaceId: "ws_acme", Name: "Acme", Plan: "pro", Role: "administrator"}, DecideTime: at, CodeRedeemed: true,
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v, approved (-want +got):\n%s", err, diff)
	}
	b.peers.set(func(p *peers) { p.pending.Outcome = &authzv1.Outcome{UserId: "usr_john", DecideTime: at} })
	if got, err = get(); err != nil || got.GetDecision() != consentv1.Decision_DECISION_DENY || got.GetWorkspace() != nil {
		t.Errorf("denied: %v, %v", got, err)
	}
}

func TestConnectedAppsNeedASessionAndAnApp(t *testing.T) {
	b := newBench(t)
	_, err := b.apps.ListConnectedApps(t.Context(), &consentv1.ListConnectedAppsRequest{})
	wantReason(t, err, errorv1.Reason_REASON_SESSION_REQUIRED, "")
	_, err = b.apps.DisconnectApp(t.Context(), &consentv1.DisconnectAppRequest{ClientId: "app"})
	wantReason(t, err, errorv1.Reason_REASON_SESSION_REQUIRED, "")
	_, err = b.apps.DisconnectApp(t.Context(), &consentv1.DisconnectAppRequest{SessionToken: "john"})
	wantReason(t, err, errorv1.Reason_REASON_INVALID_REQUEST, "client_id")
}
