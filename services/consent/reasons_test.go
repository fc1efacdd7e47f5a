package consent_test

import (
	"testing"

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
		"another person's screen": {
			func(_ *consentv1.DecideRequest, p *peers) { p.pending.UserId = "usr_jane" },
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
	_, err = b.consents.GetPrompt(t.Context(), promptRequest())
	wantReason(t, err, errorv1.Reason_REASON_AUTHORIZATION_STALE, "")
	b.peers.set(func(p *peers) { p.pending.UserId = "usr_jane" })
	_, err = b.consents.GetPrompt(t.Context(), promptRequest())
	wantReason(t, err, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, "")
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
