package decision_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
	"github.com/vidocu/usher/services/consent/internal/policy"
)

func TestThePromptShowsWhatIsAskedInThatOrder(t *testing.T) {
	got, err := newWorld().decider().GetPrompt(t.Context(), request("john"))
	if err != nil {
		t.Fatal(err)
	}
	want := decision.Prompt{
		ClientName: "Example App", RedirectOrigin: "https://yourapp.com",
		// A scope that the catalog does not know is shown too, by its name.
		Scopes: []decision.Scope{{Name: "videos:read", Description: "View videos"}, {Name: "analyze:write", Description: "analyze:write"}},
		User: decision.User{
			ID: "usr_john", DisplayName: "John Doe", EmailAddress: "john@example.com",
			Workspaces: []decision.Workspace{{ID: "ws_acme", Name: "Acme"}, {ID: "ws_zoo", Name: "Zoo"}},
		},
		Page:     &decision.Page{ClientID: "app"},
		Policies: map[string]decision.WorkspacePolicy{"ws_acme": {Access: policy.Open}, "ws_zoo": {Access: policy.Open}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("prompt (-want +got):\n%s", diff)
	}
}

func TestThePromptNamesTheEpochThatItShows(t *testing.T) {
	w := newWorld()
	for w.epoch = range 3 {
		got, err := w.decider().GetPrompt(t.Context(), request("john"))
		if diff := cmp.Diff(&decision.Page{ClientID: "app", Epoch: w.epoch}, got.Page); err != nil || diff != "" {
			t.Errorf("%v, page (-want +got):\n%s", err, diff)
		}
	}
	if got := w.pending["request"].Viewer; got != (decision.Viewer{}) {
		t.Errorf("showing the page binds %v", got)
	}
}

func TestSigningInComesBeforeTheAuthorization(t *testing.T) {
	r := request("nobody")
	r.ID = "unknown"
	for range 20 { // the two calls are concurrent
		if _, err := newWorld().decider().GetPrompt(t.Context(), r); !errors.Is(err, errSignedOut) {
			t.Fatalf("Prompt: %v, want that the session is required", err)
		}
	}
}

func TestAnotherBrowserHearsWhatAuthzSays(t *testing.T) {
	r := request("john")
	r.Browser = secret.New("other")
	if _, err := newWorld().decider().GetPrompt(t.Context(), r); !errors.Is(err, errUnknown) {
		t.Errorf("Prompt: %v, want what authz says", err)
	}
}

func TestAPromptThatCannotBeShownBindsNobody(t *testing.T) {
	for _, call := range []string{"Session", "Find", "GetPairGrants", "Bind"} {
		w := newWorld()
		p := w.pending["request"]
		p.EpochInDecision = false // authz of release 0.1
		w.pending["request"] = p
		w.fail[call] = errDown
		if _, err := w.decider().GetPrompt(t.Context(), request("john")); !errors.Is(err, errDown) {
			t.Errorf("Prompt while %s fails: %v, want its failure", call, err)
		}
		if got := w.pending["request"].Viewer; got != (decision.Viewer{}) {
			t.Errorf("Prompt while %s fails binds %v", call, got)
		}
	}
}
