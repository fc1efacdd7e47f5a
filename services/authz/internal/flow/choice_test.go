package flow_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// choose is approve with a choice among the optional scopes.
func (b *bench) choose(id string, scopes ...string) flow.Decision {
	d := b.approve(id)
	scope := oauth.Scope(scopes)
	d.Approval.Chosen = &scope
	return d
}

// optionalBench has Web with analyze:write as an optional scope, and a request for both scopes.
func optionalBench(t *testing.T) (*bench, string) {
	t.Helper()
	b := newBench(t)
	b.optional(t, "analyze:write")
	return b, b.bound(t, query("scope", "videos:read analyze:write"))
}

func (b *bench) optional(t *testing.T, names ...string) {
	t.Helper()
	b.change(t, authztest.Web, func(registration *client.Registration) { registration.OptionalScope = names })
}

// granted returns the scope of the code in a response.
func (b *bench) granted(t *testing.T, location secret.String) oauth.Scope {
	t.Helper()
	code := parseResponse(t, location, authztest.Callback).Get("code")
	facts, err := b.Codes.Resolve(t.Context(), secret.New(code))
	if err != nil {
		t.Fatal(err)
	}
	return facts.Scope
}

// refusesChoice requires that a choice is refused and decides nothing.
func (b *bench) refusesChoice(t *testing.T, what string, d flow.Decision) {
	t.Helper()
	var field *oauth.FieldError
	if _, err := b.Complete(t.Context(), d); !errors.As(err, &field) || field.Field != "scopes" {
		t.Errorf("%s: %v, want an error of the scopes", what, err)
	}
}

func TestAnOptionalScopeThatIsNotChosenIsNotGranted(t *testing.T) {
	for name, row := range map[string]struct {
		chosen *oauth.Scope
		want   oauth.Scope
	}{
		"none":               {&oauth.Scope{"videos:read"}, oauth.Scope{"videos:read"}},
		"all":                {&oauth.Scope{"analyze:write", "videos:read"}, oauth.Scope{"videos:read", "analyze:write"}},
		"no choice":          {nil, oauth.Scope{"videos:read", "analyze:write"}},
		"one and once again": {&oauth.Scope{"videos:read", "videos:read"}, oauth.Scope{"videos:read"}},
	} {
		b, id := optionalBench(t)
		d := b.approve(id)
		d.Approval.Chosen = row.chosen
		if got := b.granted(t, b.complete(t, d)); !slices.Equal(got, row.want) {
			t.Errorf("%s: granted %q, want %q", name, got, row.want)
		}
	}
}

func TestAChoiceNeverWidensARequest(t *testing.T) {
	b := newBench(t)
	b.optional(t, "analyze:write", "videos:read")
	id := b.bound(t, query("scope", "videos:read"))
	b.refusesChoice(t, "a scope that was not requested", b.choose(id, "videos:read", "analyze:write"))
	b.refusesChoice(t, "a scope that does not exist", b.choose(id, "videos:read", "nothing"))
	b.refusesChoice(t, "no scope", b.choose(id))
	if got := b.granted(t, b.complete(t, b.choose(id, "videos:read"))); !slices.Equal(got, oauth.Scope{"videos:read"}) {
		t.Errorf("granted %q", got)
	}
}

func TestARequiredScopeCannotBeLeftOut(t *testing.T) {
	b, id := optionalBench(t)
	b.refusesChoice(t, "without the required one", b.choose(id, "analyze:write"))
	b.optional(t) // the operator makes the other one required while the page is open
	b.refusesChoice(t, "without the one that was optional", b.choose(id, "videos:read"))
	if got := b.granted(t, b.complete(t, b.choose(id, "videos:read", "analyze:write"))); !slices.Equal(got, oauth.Scope{"videos:read", "analyze:write"}) {
		t.Errorf("granted %q", got)
	}
}

func TestARepeatedChoiceIsTheSameDecision(t *testing.T) {
	b, id := optionalBench(t)
	first := b.complete(t, b.choose(id, "videos:read"))
	for what, d := range map[string]flow.Decision{"the same choice": b.choose(id, "videos:read"), "no choice, as from the page of the outcome": b.approve(id)} {
		if again := b.complete(t, d); again.Reveal() != first.Reveal() {
			t.Errorf("%s: another response", what)
		}
	}
	b.refuses(t, "another choice", b.choose(id, "videos:read", "analyze:write"), pending.ErrDecided)
	if got := b.granted(t, first); !slices.Equal(got, oauth.Scope{"videos:read"}) {
		t.Errorf("granted %q", got)
	}
}
