package decision_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/decision"
)

func TestAPromptShowsWhatTheClientHasAlready(t *testing.T) {
	w := newWorld()
	here := oauth.GrantedScopes{WorkspaceID: "ws_acme", Scope: oauth.Scope{"videos:read"}}
	w.granted = []oauth.GrantedScopes{here, {WorkspaceID: "ws_left", Scope: oauth.Scope{"videos:read"}}}
	p := w.pending["request"]
	p.Optional = oauth.Scope{"analyze:write"}
	w.pending["request"] = p
	prompt, err := w.decider().GetPrompt(t.Context(), request("john"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]oauth.GrantedScopes{here}, prompt.Granted); diff != "" {
		t.Errorf("granted, without workspaces that John has left (-want +got):\n%s", diff)
	}
	if prompt.Scopes[0].Optional || !prompt.Scopes[1].Optional {
		t.Errorf("scopes %+v", prompt.Scopes)
	}
}

// TestRFC8252_8_6_OnlyAVerifiedConfidentialClientGoesOnWithOneClick: another program can use the
// identifier of a public client, and a device may not be in the user's hands.
func TestRFC8252_8_6_OnlyAVerifiedConfidentialClientGoesOnWithOneClick(t *testing.T) {
	for name, row := range map[string]struct {
		change func(p *decision.Pending)
		want   bool
	}{
		"verified and confidential": {func(*decision.Pending) {}, true},
		"public":                    {func(p *decision.Pending) { p.Confidential = false }, false},
		"not verified":              {func(p *decision.Pending) { p.Identity = &oauth.AppIdentity{} }, false},
		"of release 0.1":            {func(p *decision.Pending) { p.Identity = nil }, false},
		"for a device":              {func(p *decision.Pending) { p.Device = &decision.Device{} }, false},
	} {
		w := newWorld()
		p := w.pending["request"]
		p.Confidential, p.Identity = true, &oauth.AppIdentity{Verified: true}
		row.change(&p)
		w.pending["request"] = p
		prompt, err := w.decider().GetPrompt(t.Context(), request("john"))
		if err != nil || prompt.OneClick != row.want {
			t.Errorf("a client that is %s: one click %v, %v; want %v", name, prompt.OneClick, err, row.want)
		}
	}
}

// TestN5_8_ThePromptSaysThatTheAppHasChanged: compared with the newest grant, if there is one, and then
// no click alone goes on.
func TestN5_8_ThePromptSaysThatTheAppHasChanged(t *testing.T) {
	was, is := oauth.Description{Name: "Example App"}.Digest(), oauth.Description{Name: "Another App"}.Digest()
	here := []oauth.GrantedScopes{{WorkspaceID: "ws_acme", Scope: oauth.Scope{"videos:read"}}}
	for name, c := range map[string]struct {
		granted []oauth.GrantedScopes
		digest  string
		want    []oauth.DescriptionChange
	}{
		"changed":         {here, was, []oauth.DescriptionChange{oauth.NameChanged}},
		"the same":        {here, is, nil},
		"of release 0.1":  {here, "", nil},
		"not granted now": {nil, was, nil},
	} {
		w := newWorld()
		w.granted, w.digest = c.granted, c.digest
		p := w.pending["request"]
		p.Confidential, p.Identity, p.DescriptionDigest = true, &oauth.AppIdentity{Verified: true}, is
		w.pending["request"] = p
		prompt, err := w.decider().GetPrompt(t.Context(), request("john"))
		if err != nil || !slices.Equal(prompt.Changes, c.want) || prompt.OneClick != (c.want == nil) {
			t.Errorf("%s: changes %v, one click %v, %v; want %v", name, prompt.Changes, prompt.OneClick, err, c.want)
		}
	}
}

func TestTheChosenScopesAreWhatIsRecorded(t *testing.T) {
	w := shown(t)
	form := approve("john")
	form.Chosen = &oauth.Scope{"videos:read"}
	for range 2 { // a repeat records and asks for the same
		if _, err := w.decider().Decide(t.Context(), form); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range w.done {
		if diff := cmp.Diff(form.Chosen, c.Chosen); diff != "" {
			t.Errorf("authz gets (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff(oauth.Scope{"videos:read"}, w.consents[secret.Sum("request")].Scope); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}
