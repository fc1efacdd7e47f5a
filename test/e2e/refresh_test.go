package e2e

import (
	"net/http"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestCase46_RotationIsReal: each refresh rotates the refresh token; earlier access tokens stay
// valid until they expire.
func TestCase46_RotationIsReal(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		first, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		second, err := d.Refresh(first.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, second, harness.FullScope)
		third, err := d.Refresh(second.Text("refresh_token"))
		expect.NoError(t, err)
		expect.Tokens(t, third, harness.FullScope)
		for _, token := range []string{first.Access, second.Text("access_token"), third.Text("access_token")} {
			expect.Active(t, d, token, true)
		}
	})
}

// TestDocument001_ReuseEndsTheConnectionInAllWorkspaces: docs/security-cases.md 47; the user must
// approve the client again.
func TestDocument001_ReuseEndsTheConnectionInAllWorkspaces(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		acme, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		doe, err := d.Issue(b, harness.Request{Workspace: "ws_doe"})
		expect.NoError(t, err)
		verifier := harness.NewVerifier()
		otherApp, err := d.Issue(b, harness.Request{ClientID: harness.PublicID, Verifier: verifier})
		expect.NoError(t, err)
		esther, err := d.Issue(d.NewBrowser(), harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		code, err := b.Approve(harness.Request{})
		expect.NoError(t, err)
		open, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		current, err := d.Refresh(acme.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, current, harness.FullScope)

		reused, err := d.Refresh(acme.Refresh)
		expect.NoError(t, err)
		expect.Failure(t, reused, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
		for name, token := range map[string]string{
			"access, first": acme.Access, "access, current": current.Text("access_token"), "access, other workspace": doe.Access,
		} {
			active, err := d.Active(token)
			expect.NoError(t, err)
			expect.Equal(t, name+" is active", active, false)
		}
		for name, token := range map[string]string{"current": current.Text("refresh_token"), "other workspace": doe.Refresh} {
			a, err := d.Refresh(token)
			expect.NoError(t, err)
			expect.Equal(t, "refreshing the "+name+" token", a.Status, http.StatusUnauthorized)
		}
		a, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadCode)
		stale, err := b.Decide(open, "ws_acme", "approve")
		expect.NoError(t, err)
		expect.Equal(t, "an open consent page issues a code", stale.Query().Has("code"), false)
		expect.Active(t, d, otherApp.Access, true)
		expect.Active(t, d, esther.Access, true)

		anew, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		expect.Active(t, d, anew.Access, true)
	})
}

// TestCase49_RefreshTokenIsBoundToItsClient: docs/security-cases.md 49 and 50; failed client
// authentication neither rotates nor revokes.
func TestCase49_RefreshTokenIsBoundToItsClient(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		first, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		second, err := d.Refresh(first.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, second, harness.FullScope)
		current := second.Text("refresh_token")
		for name, change := range map[string]map[string]any{
			"as another app":      {"client_id": harness.PublicID, "client_secret": nil},
			"as a third app":      {"client_id": harness.ResourceID, "client_secret": harness.ResourcePW},
			"without its secret":  {"client_secret": nil},
			"without any client":  {"client_id": nil, "client_secret": nil},
			"with a wrong secret": {"client_secret": "vdo_secret_wrong"},
		} {
			for which, token := range map[string]string{"current": current, "rotated": first.Refresh} {
				a, err := d.JSON("/oauth/token", harness.RefreshRequest(token, change))
				expect.NoError(t, err)
				if a.Status != http.StatusUnauthorized && a.Status != http.StatusBadRequest {
					t.Errorf("%s, %s token: %d %s", name, which, a.Status, a.Raw)
				}
			}
		}
		expect.Active(t, d, second.Text("access_token"), true)
		a, err := d.Refresh(current)
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
	})
}

// TestWire4_ClientMayNotUseThisGrant: the fixtures' resource server has no grant types.
func TestWire4_ClientMayNotUseThisGrant(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		a, err := d.JSON("/oauth/token", harness.RefreshRequest("vdo_ort_x", map[string]any{
			"client_id": harness.ResourceID, "client_secret": harness.ResourcePW,
		}))
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusBadRequest, "unauthorized_client", "")
	})
}

// TestRFC6749_6_ScopeAtRefreshNarrowsTheAccessTokenOnly: docs/security-cases.md 51.
func TestRFC6749_6_ScopeAtRefreshNarrowsTheAccessTokenOnly(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		current := tokens.Refresh
		for _, c := range []struct{ requested, got string }{
			{"videos:read", "videos:read"},
			{"", harness.FullScope},
			{" ", harness.FullScope},
			{"   ", harness.FullScope},
			{"jobs:read videos:read", "jobs:read videos:read"},
			{"videos:read videos:read", "videos:read"},
			{"videos:read export:write", ""},
			{"export:write", ""},
			{"bogus", ""},
			{"videos:read\tx", ""},
		} {
			a, err := d.JSON("/oauth/token", harness.RefreshRequest(current, map[string]any{"scope": c.requested}))
			expect.NoError(t, err)
			if c.got == "" {
				expect.Failure(t, a, http.StatusBadRequest, "invalid_scope", "")
				continue
			}
			expect.Tokens(t, a, c.got)
			current = a.Text("refresh_token")
		}
		a, err := d.Refresh(current)
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
	})
}

// TestCase54_LifetimesAreNotTheClientsToSet, whatever parameters it sends.
func TestCase54_LifetimesAreNotTheClientsToSet(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		for _, value := range []any{999999999999, -1, 0, "1e99"} {
			a, err := d.JSON("/oauth/token", harness.RefreshRequest(tokens.Refresh, map[string]any{"expires_in": value, "lifetime": value, "exp": value}))
			expect.NoError(t, err)
			expect.Tokens(t, a, harness.FullScope)
			tokens.Refresh = a.Text("refresh_token")
		}
	})
}

// TestCase55_EveryCredentialOnlyInItsOwnSlot: a credential in the wrong parameter is refused and
// not consumed.
func TestCase55_EveryCredentialOnlyInItsOwnSlot(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		code, err := b.Approve(harness.Request{})
		expect.NoError(t, err)
		for name, body := range map[string]map[string]any{
			"access token as refresh token": harness.RefreshRequest(tokens.Access, nil),
			"code as refresh token":         harness.RefreshRequest(code, nil),
			"refresh token as code":         harness.CodeRequest(tokens.Refresh, nil),
			"access token as code":          harness.CodeRequest(tokens.Access, nil),
			"key as refresh token":          harness.RefreshRequest("vdo_live_example", nil),
			"client secret as code":         harness.CodeRequest(harness.ConfidentialPW, nil),
		} {
			a, err := d.JSON("/oauth/token", body)
			expect.NoError(t, err)
			expect.Equal(t, name, a.Status, http.StatusUnauthorized)
		}
		for _, token := range []string{code, harness.ConfidentialPW, "vdo_live_example"} {
			expect.Active(t, d, token, false)
		}
		expect.Active(t, d, tokens.Access, true)
		a, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
		a, err = d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
	})
}
