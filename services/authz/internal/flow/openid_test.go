package flow_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// TestN10_3_ParametersOfOpenIDConnect are read where it is on, and ignored where it is off.
func TestN10_3_ParametersOfOpenIDConnect(t *testing.T) {
	for name, c := range map[string]struct {
		query, want string
	}{
		"a long nonce":             {native("nonce", strings.Repeat("n", 256)), "invalid_request"},
		"a nonce twice":            {also(native("nonce", "a"), "nonce=b"), "invalid_request"},
		"a hint of another server": {native("id_token_hint", "x"), "invalid_request"},
		"a registration":           {native("registration", "{}"), "registration_not_supported"},
		"a good nonce":             {native("nonce", strings.Repeat("n", 255)), ""},
	} {
		for _, on := range []bool{true, false} {
			b := over(allClients())
			if on {
				b.Scopes = catalog.Default().WithOpenID()
			}
			step := b.start(t, c.query, b.signedIn())
			location := step.Location.Reveal()
			if refused := on && c.want != ""; refused != (step.Kind == flow.Redirect) || refused && !strings.Contains(location, "error="+c.want) {
				t.Errorf("%s, on %v: %+v %q", name, on, step, location)
			}
		}
	}
}

// TestN10_3_ARequestForAnotherResourceIsNotApprovedWithoutAPage: a stored consent does not say for which
// resources the user approved it.
func TestN10_3_ARequestForAnotherResourceIsNotApprovedWithoutAPage(t *testing.T) {
	clients := allClients()
	registration := clients[authztest.Web]
	registration.Scope = append(registration.Scope, oauth.OpenIDScope)
	clients[authztest.Web] = registration
	b := over(clients)
	known := resources().WithOpenID()
	b.Scopes, b.Resources = known, known
	browser := b.signedIn()
	browser.DecidesSilently = true
	silent := native(
		"client_id", authztest.Web, "redirect_uri", registration.RedirectURIs[0], "scope", "openid videos:read", "prompt", "none",
	)
	def, mcp := "resource=https%3A%2F%2Fapi.test%2Fv1", "resource="+url.QueryEscape(mcpServer)
	for name, row := range map[string]struct {
		query string
		want  flow.Kind
	}{
		"none":                      {silent, flow.SilentConsent},
		"the default":               {also(silent, def), flow.SilentConsent},
		"another":                   {also(silent, mcp), flow.Redirect},
		"another after the default": {also(silent, def, mcp), flow.Redirect},
	} {
		step := b.start(t, row.query, browser)
		if step.Kind != row.want || row.want == flow.Redirect && !strings.Contains(step.Location.Reveal(), "error=consent_required") {
			t.Errorf("%s: %+v %s", name, step, step.Location.Reveal())
		}
	}
}

// TestN10_3_OnlyAVerifiedClientIsApprovedWithoutAPage: another one may have added the host of its redirect URI
// since the user approved it, or since it was reviewed.
func TestN10_3_OnlyAVerifiedClientIsApprovedWithoutAPage(t *testing.T) {
	for unverified, want := range map[bool]flow.Kind{false: flow.SilentConsent, true: flow.Redirect} {
		clients := allClients()
		registration := clients[authztest.Web]
		registration.Unverified, registration.Scope = unverified, append(registration.Scope, oauth.OpenIDScope)
		clients[authztest.Web] = registration
		b := over(clients)
		known := catalog.Default().WithOpenID()
		b.Scopes, b.Resources = known, known
		browser := b.signedIn()
		browser.DecidesSilently = true
		step := b.start(t, native(
			"client_id", authztest.Web, "redirect_uri", registration.RedirectURIs[0], "scope", "openid", "prompt", "none",
		), browser)
		if step.Kind != want || unverified && !strings.Contains(step.Location.Reveal(), "error=consent_required") {
			t.Errorf("unverified %v: %+v %s", unverified, step, step.Location.Reveal())
		}
	}
}
