package decision_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

// silentWorld is a world with a request that must not show a page, and consents of John.
func silentWorld(consents ...decision.Consent) *world {
	w := newWorld()
	p := w.pending["request"]
	p.Silent = true
	w.pending["request"] = p
	for i, c := range consents {
		c.UserID, c.ClientID = "usr_john", "app"
		w.consents[secret.Sum(strings.Repeat("x", i+1))] = c
	}
	return w
}

// TestN10_3_PromptNoneApprovesOnlyWhatWasApproved: all of the scope, in one workspace, at the present epoch.
func TestN10_3_PromptNoneApprovesOnlyWhatWasApproved(t *testing.T) {
	read, analyze := oauth.Scope{"videos:read"}, oauth.Scope{"analyze:write"}
	whole := oauth.Scope{"analyze:write", "videos:read", "export:write"}
	for name, c := range map[string]struct {
		consents  []decision.Consent
		workspace string
		refused   decision.Refusal
	}{
		"nothing":               {nil, "", decision.ConsentRequired},
		"a part":                {[]decision.Consent{{WorkspaceID: "ws_acme", Scope: read}}, "", decision.ConsentRequired},
		"all":                   {[]decision.Consent{{WorkspaceID: "ws_acme", Scope: whole}}, "ws_acme", 0},
		"all in two approvals":  {[]decision.Consent{{WorkspaceID: "ws_acme", Scope: read}, {WorkspaceID: "ws_acme", Scope: analyze}}, "ws_acme", 0},
		"all in two workspaces": {[]decision.Consent{{WorkspaceID: "ws_acme", Scope: read}, {WorkspaceID: "ws_zoo", Scope: analyze}}, "", decision.ConsentRequired},
		"all in each of two":    {[]decision.Consent{{WorkspaceID: "ws_acme", Scope: whole}, {WorkspaceID: "ws_zoo", Scope: whole}}, "", decision.InteractionRequired},
		"revoked since":         {[]decision.Consent{{WorkspaceID: "ws_acme", Scope: whole, Epoch: -1}}, "", decision.ConsentRequired},
		"not a member any more": {[]decision.Consent{{WorkspaceID: "ws_gone", Scope: whole}}, "", decision.ConsentRequired},
		"one of two is not his": {[]decision.Consent{{WorkspaceID: "ws_acme", Scope: whole}, {WorkspaceID: "ws_gone", Scope: whole}}, "ws_acme", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := silentWorld(c.consents...)
			if _, err := w.decider().DecideSilently(t.Context(), request("john")); err != nil {
				t.Fatal(err)
			}
			if w.refused != c.refused {
				t.Errorf("refused with %d, want %d", w.refused, c.refused)
			}
			if c.refused != 0 {
				if len(w.done) != 0 {
					t.Error("the request is completed")
				}
				return
			}
			if len(w.done) != 1 || w.done[0].WorkspaceID != c.workspace || !w.done[0].Silent || len(w.consents) != len(c.consents) {
				t.Errorf("completed %+v with %d consents", w.done, len(w.consents))
			}
		})
	}
}

// TestN10_3_ASilentApprovalIsAtTheEpochThatWasRead, so that a revocation in between ends its code, and has the
// time of the session's sign-in, which the ID token names.
func TestN10_3_ASilentApprovalIsAtTheEpochThatWasRead(t *testing.T) {
	w := silentWorld(decision.Consent{WorkspaceID: "ws_acme", Scope: oauth.Scope{"analyze:write", "videos:read", "export:write"}, Epoch: 7})
	w.epoch = 7
	signedInAt := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	john := w.users["john"]
	john.AuthTime = signedInAt
	w.users["john"] = john
	if _, err := w.decider().DecideSilently(t.Context(), request("john")); err != nil || len(w.done) != 1 {
		t.Fatalf("completed %+v, %v", w.done, err)
	}
	got := w.done[0]
	if got.Epoch == nil || *got.Epoch != 7 || got.UserID != "usr_john" || got.DisplayName != john.DisplayName || !got.AuthTime.Equal(signedInAt) {
		t.Errorf("completed %+v", got)
	}
}

// TestN10_3_ARequestWithAPageIsNotDecidedSilently, nor one without a session.
func TestN10_3_ARequestWithAPageIsNotDecidedSilently(t *testing.T) {
	w := newWorld()
	if _, err := w.decider().DecideSilently(t.Context(), request("john")); !errors.Is(err, decision.ErrNotFound) {
		t.Errorf("DecideSilently: %v, want ErrNotFound", err)
	}
	w = silentWorld()
	if _, err := w.decider().DecideSilently(t.Context(), request("nobody")); !errors.Is(err, errSignedOut) {
		t.Errorf("DecideSilently without a session: %v", err)
	}
	for _, call := range []string{"Session", "Find", "GetPairEpoch", "Granted", "Refuse"} {
		w := silentWorld()
		w.fail[call] = errDown
		if _, err := w.decider().DecideSilently(t.Context(), request("john")); !errors.Is(err, errDown) {
			t.Errorf("while %s fails: %v", call, err)
		}
	}
	if len(w.done) != 0 {
		t.Error("something was decided")
	}
}
