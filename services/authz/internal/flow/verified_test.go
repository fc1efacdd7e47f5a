package flow

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/client"
)

func requestFor(registration client.Registration, redirectURI string) request {
	a := request{client: registration}
	a.RedirectURI = redirectURI
	return a
}

// This test is in the package: while the order of the checks is right, it cannot be seen from
// outside that no order creates an open redirector.
func TestARefusalRedirectsByTheFactsAndNotByTheCheckThatSpoke(t *testing.T) {
	const uri = "https://app.test/callback"
	registration := client.Registration{Client: client.Client{ID: "vdo_client_a"}, RedirectURIs: []string{uri}}
	disabled := registration
	disabled.Disabled = true
	f := Flow{Issuer: "https://usher.test"}
	for name, row := range map[string]struct {
		request request
		want    Kind
	}{
		"no client is known":                 {request{}, ErrorPage},
		"the client is not known":            {requestFor(client.Registration{}, uri), ErrorPage},
		"the redirect URI is not known":      {request{client: registration}, ErrorPage},
		"the redirect URI is not registered": {requestFor(registration, "https://evil.test"), ErrorPage},
		"the client is disabled":             {requestFor(disabled, uri), ErrorPage},
		"both are known":                     {requestFor(registration, uri), Redirect},
	} {
		step := f.refuse(&row.request, redirectWith(cause.ScopeUnknown, "invalid_scope", "text"))
		if step.Kind != row.want || step.Location.IsZero() != (row.want == ErrorPage) {
			t.Errorf("%s: %+v, want %d", name, step, row.want)
		}
		if step := f.refuse(&row.request, pageWith(cause.ClientUnknown, "text")); step.Kind != ErrorPage || !step.Location.IsZero() || step.Message != "text" {
			t.Errorf("%s: a page became %+v", name, step)
		}
	}
	fragment := requestFor(registration, uri+"#")
	fragment.client.RedirectURIs = []string{fragment.RedirectURI}
	if step := f.refuse(&fragment, redirectWith(cause.ScopeUnknown, "invalid_scope", "text")); step.Kind != ErrorPage {
		t.Errorf("an address that cannot take a response: %+v, want a page", step)
	}
}

func TestTheZeroStepGoesNowhere(t *testing.T) {
	if (Step{}).Kind != ErrorPage || dispatch(state{}).kind != SignIn {
		t.Error("a zero step or state is not the safe one")
	}
}

// TestAnErrorPageNamesTheHomePageOfAVerifiedClientAlone, and a client only where a workspace owns it. No
// part of the request is in either.
func TestAnErrorPageNamesTheHomePageOfAVerifiedClientAlone(t *testing.T) {
	registration := client.Registration{Client: client.Client{ID: "vdo_client_a"}}
	registration.Identity.ClientURI, registration.Identity.Publisher = "https://app.test", "App Labs"
	owned, unverified, selfRegistered, disabled := registration, registration, registration, registration
	owned.Owner.WorkspaceID, unverified.Unverified, selfRegistered.SelfRegistered, disabled.Disabled = "ws_1", true, true, true
	disabled.Owner.WorkspaceID = "ws_1"
	for name, row := range map[string]struct {
		client client.Registration
		want   Contact
	}{
		"no client is known":         {client.Registration{}, Contact{}},
		"of the operator":            {registration, Contact{HomePage: "https://app.test", Publisher: "App Labs"}},
		"of a workspace":             {owned, Contact{ClientID: "vdo_client_a", HomePage: "https://app.test", Publisher: "App Labs"}},
		"not verified":               {unverified, Contact{}},
		"registered itself":          {selfRegistered, Contact{}},
		"of a workspace, but closed": {disabled, Contact{ClientID: "vdo_client_a"}},
	} {
		a := requestFor(row.client, "https://evil.test")
		if step := (Flow{}).refuse(&a, pageWith(cause.RedirectURIUnregistered, "text")); step.Contact != row.want {
			t.Errorf("%s: %+v, want %+v", name, step.Contact, row.want)
		}
	}
}
