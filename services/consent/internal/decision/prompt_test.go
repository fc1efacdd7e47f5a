package decision_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

func TestThePromptShowsWhatIsAskedInThatOrder(t *testing.T) {
	got, err := newWorld().decider().GetPrompt(t.Context(), request("john"))
	if err != nil {
		t.Fatal(err)
	}
	want := decision.Prompt{
		ClientName: "Example App", RedirectOrigin: "https://yourapp.com",
		// A scope that the catalog does not know is shown too, by its name.
		Scopes:     []decision.Scope{{Name: "videos:read", Description: "View videos"}, {Name: "analyze:write", Description: "analyze:write"}},
		Workspaces: []decision.Workspace{{ID: "ws_acme", Name: "Acme"}, {ID: "ws_zoo", Name: "Zoo"}},
		Person:     decision.Person{ID: "usr_john", DisplayName: "John Doe", EmailAddress: "john@example.com"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("prompt (-want +got):\n%s", diff)
	}
}

func TestThePromptBindsThePersonAndTheEpoch(t *testing.T) {
	w := newWorld()
	w.epoch = 3
	for range 2 {
		if _, err := w.decider().GetPrompt(t.Context(), request("john")); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(decision.Viewer{UserID: "usr_john", Epoch: 3}, w.pending["request"].Viewer); diff != "" {
		t.Errorf("viewer (-want +got):\n%s", diff)
	}
}

func TestFault_A8_AnotherPersonTakesThePromptOver(t *testing.T) {
	w := shown(t)
	if _, err := w.decider().GetPrompt(t.Context(), request("jane")); err != nil {
		t.Fatalf("Prompt for another person: %v", err)
	}
	if got := w.pending["request"].Viewer.UserID; got != "usr_jane" {
		t.Errorf("the request is %q's", got)
	}
	if _, err := w.decider().Decide(t.Context(), approve("john")); !errors.Is(err, decision.ErrNotFound) {
		t.Errorf("the person before decides: %v, want ErrNotFound", err)
	}
	if _, err := w.decider().Decide(t.Context(), approve("jane")); err != nil {
		t.Errorf("the person who sees it now: %v", err)
	}
}

func TestAPromptOpenedAgainAfterARevocationIsStale(t *testing.T) {
	w := shown(t)
	w.epoch++
	if _, err := w.decider().GetPrompt(t.Context(), request("john")); !errors.Is(err, errStale) {
		t.Errorf("Prompt after a revocation: %v, want what authz says", err)
	}
}

func TestSigningInComesBeforeTheAuthorization(t *testing.T) {
	r := request("nobody")
	r.ID = "unknown"
	for range 20 { // the two are asked at once
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
	for _, call := range []string{"Session", "Find", "Workspaces", "GetPairEpoch", "Bind"} {
		w := newWorld()
		w.fail[call] = errDown
		if _, err := w.decider().GetPrompt(t.Context(), request("john")); !errors.Is(err, errDown) {
			t.Errorf("Prompt while %s fails: %v, want its failure", call, err)
		}
		if got := w.pending["request"].Viewer; got != (decision.Viewer{}) {
			t.Errorf("Prompt while %s fails binds %v", call, got)
		}
	}
}
