package flow

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/client"
)

func askedFor(app client.Registration, redirectURI string) asked {
	a := asked{client: app}
	a.RedirectURI = redirectURI
	return a
}

// This one test looks inside: that no order of checks makes an open redirector cannot be seen from outside while the order
// is right.
func TestARefusalRedirectsByTheFactsAndNotByTheCheckThatSpoke(t *testing.T) {
	const uri = "https://app.test/callback"
	app := client.Registration{Client: client.Client{ID: "vdo_client_a"}, RedirectURIs: []string{uri}}
	disabled := app
	disabled.Disabled = true
	f := Flow{Config{Issuer: "https://usher.test"}}
	for name, row := range map[string]struct {
		asked asked
		want  Kind
	}{
		"nothing is known":                   {asked{}, ErrorPage},
		"the app is not known":               {askedFor(client.Registration{}, uri), ErrorPage},
		"the redirect URI is not known":      {asked{client: app}, ErrorPage},
		"the redirect URI is not registered": {askedFor(app, "https://evil.test"), ErrorPage},
		"the app is disabled":                {askedFor(disabled, uri), ErrorPage},
		"both are known":                     {askedFor(app, uri), Redirect},
	} {
		step := f.refuse(&row.asked, redirectWith(cause.ScopeUnknown, "invalid_scope", "text"))
		if step.Kind != row.want || step.Location.IsZero() != (row.want == ErrorPage) {
			t.Errorf("%s: %+v, want %d", name, step, row.want)
		}
		if step := f.refuse(&row.asked, pageWith(cause.ClientUnknown, "text")); step.Kind != ErrorPage || !step.Location.IsZero() || step.Message != "text" {
			t.Errorf("%s: a page became %+v", name, step)
		}
	}
	fragment := askedFor(app, uri+"#")
	fragment.client.RedirectURIs = []string{fragment.RedirectURI}
	if step := f.refuse(&fragment, redirectWith(cause.ScopeUnknown, "invalid_scope", "text")); step.Kind != ErrorPage {
		t.Errorf("an address that takes no answer: %+v, want a page", step)
	}
}

func TestTheZeroStepGoesNowhere(t *testing.T) {
	if (Step{}).Kind != ErrorPage || dispatch(state{}).kind != SignIn {
		t.Error("a forgotten step or state is not the safe one")
	}
}
