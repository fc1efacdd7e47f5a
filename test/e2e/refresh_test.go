package e2e

import (
	"net/http"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// refreshRequest is the documented refresh request with some members replaced; a nil value removes
// the member.
func refreshRequest(token string, change map[string]any) map[string]any {
	body := map[string]any{
		"grant_type": "refresh_token", "refresh_token": token, "client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW,
	}
	for k, v := range change {
		body[k] = v
		if v == nil {
			delete(body, k)
		}
	}
	return body
}

const fullScope = "videos:read analyze:write jobs:read"

// TestCase46_RotationIsReal: each refresh rotates the refresh token; earlier access tokens stay
// valid until they expire.
func TestCase46_RotationIsReal(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		first, err := d.Issue(d.NewBrowser(), harness.Request{})
		must(t, err)
		second, err := d.Refresh(first.Refresh)
		must(t, err)
		wantTokens(t, second, fullScope)
		third, err := d.Refresh(second.Text("refresh_token"))
		must(t, err)
		wantTokens(t, third, fullScope)
		for _, token := range []string{first.Access, second.Text("access_token"), third.Text("access_token")} {
			wantActive(t, d, token, true)
		}
	})
}

// TestDocument001_ReuseEndsTheConnectionInAllWorkspaces: docs/security-cases.md 47; the user must
// approve the client again.
func TestDocument001_ReuseEndsTheConnectionInAllWorkspaces(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		acme, err := d.Issue(b, harness.Request{})
		must(t, err)
		doe, err := d.Issue(b, harness.Request{Workspace: "ws_doe"})
		must(t, err)
		verifier := harness.NewVerifier()
		otherApp, err := d.Issue(b, harness.Request{ClientID: harness.PublicID, Verifier: verifier})
		must(t, err)
		esther, err := d.Issue(d.NewBrowser(), harness.Request{Email: harness.EstherEmail})
		must(t, err)
		code, err := b.Approve(harness.Request{})
		must(t, err)
		open, err := b.Consent(harness.Request{})
		must(t, err)
		current, err := d.Refresh(acme.Refresh)
		must(t, err)
		wantTokens(t, current, fullScope)

		reused, err := d.Refresh(acme.Refresh)
		must(t, err)
		wantFailure(t, reused, http.StatusUnauthorized, "authentication_error", badRefresh)
		for name, token := range map[string]string{
			"access, first": acme.Access, "access, current": current.Text("access_token"), "access, other workspace": doe.Access,
		} {
			active, err := d.Active(token)
			must(t, err)
			want(t, name+" is active", active, false)
		}
		for name, token := range map[string]string{"current": current.Text("refresh_token"), "other workspace": doe.Refresh} {
			a, err := d.Refresh(token)
			must(t, err)
			want(t, "refreshing the "+name+" token", a.Status, http.StatusUnauthorized)
		}
		a, err := d.Exchange(code, harness.Request{})
		must(t, err)
		wantFailure(t, a, http.StatusUnauthorized, "authentication_error", badCode)
		stale, err := b.Decide(open, "ws_acme", "approve")
		must(t, err)
		want(t, "an open consent page issues a code", stale.Query().Has("code"), false)
		wantActive(t, d, otherApp.Access, true)
		wantActive(t, d, esther.Access, true)

		anew, err := d.Issue(b, harness.Request{})
		must(t, err)
		wantActive(t, d, anew.Access, true)
	})
}

// TestCase49_RefreshTokenIsBoundToItsClient: docs/security-cases.md 49 and 50; failed client
// authentication neither rotates nor revokes.
func TestCase49_RefreshTokenIsBoundToItsClient(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		first, err := d.Issue(d.NewBrowser(), harness.Request{})
		must(t, err)
		second, err := d.Refresh(first.Refresh)
		must(t, err)
		wantTokens(t, second, fullScope)
		current := second.Text("refresh_token")
		for name, change := range map[string]map[string]any{
			"as another app":      {"client_id": harness.PublicID, "client_secret": nil},
			"as a third app":      {"client_id": harness.ResourceID, "client_secret": harness.ResourcePW},
			"without its secret":  {"client_secret": nil},
			"without any client":  {"client_id": nil, "client_secret": nil},
			"with a wrong secret": {"client_secret": "vdo_secret_wrong"},
		} {
			for which, token := range map[string]string{"current": current, "rotated": first.Refresh} {
				a, err := d.JSON("/oauth/token", refreshRequest(token, change))
				must(t, err)
				if a.Status != http.StatusUnauthorized && a.Status != http.StatusBadRequest {
					t.Errorf("%s, %s token: %d %s", name, which, a.Status, a.Raw)
				}
			}
		}
		wantActive(t, d, second.Text("access_token"), true)
		a, err := d.Refresh(current)
		must(t, err)
		wantTokens(t, a, fullScope)
	})
}

// TestWire4_ClientMayNotUseThisGrant: the fixtures' resource server has no grant types.
func TestWire4_ClientMayNotUseThisGrant(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		a, err := d.JSON("/oauth/token", refreshRequest("vdo_ort_x", map[string]any{
			"client_id": harness.ResourceID, "client_secret": harness.ResourcePW,
		}))
		must(t, err)
		wantFailure(t, a, http.StatusBadRequest, "unauthorized_client", "")
	})
}

// TestRFC6749_6_ScopeAtRefreshNarrowsTheAccessTokenOnly: docs/security-cases.md 51.
func TestRFC6749_6_ScopeAtRefreshNarrowsTheAccessTokenOnly(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		must(t, err)
		current := tokens.Refresh
		for _, c := range []struct{ requested, got string }{
			{"videos:read", "videos:read"},
			{"", fullScope},
			{"jobs:read videos:read", "jobs:read videos:read"},
			{"videos:read videos:read", "videos:read"},
			{"videos:read export:write", ""},
			{"export:write", ""},
			{"bogus", ""},
			{"videos:read\tx", ""},
		} {
			a, err := d.JSON("/oauth/token", refreshRequest(current, map[string]any{"scope": c.requested}))
			must(t, err)
			if c.got == "" {
				wantFailure(t, a, http.StatusBadRequest, "invalid_scope", "")
				continue
			}
			wantTokens(t, a, c.got)
			current = a.Text("refresh_token")
		}
		a, err := d.Refresh(current)
		must(t, err)
		wantTokens(t, a, fullScope)
	})
}

// TestCase54_LifetimesAreNotTheClientsToSet, whatever parameters it sends.
func TestCase54_LifetimesAreNotTheClientsToSet(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		must(t, err)
		for _, value := range []any{999999999999, -1, 0, "1e99"} {
			a, err := d.JSON("/oauth/token", refreshRequest(tokens.Refresh, map[string]any{"expires_in": value, "lifetime": value, "exp": value}))
			must(t, err)
			wantTokens(t, a, fullScope)
			tokens.Refresh = a.Text("refresh_token")
		}
	})
}

// TestCase55_EveryCredentialOnlyInItsOwnSlot: a credential in the wrong parameter is refused and
// not consumed.
func TestCase55_EveryCredentialOnlyInItsOwnSlot(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		code, err := b.Approve(harness.Request{})
		must(t, err)
		for name, body := range map[string]map[string]any{
			"access token as refresh token": refreshRequest(tokens.Access, nil),
			"code as refresh token":         refreshRequest(code, nil),
			"refresh token as code":         codeRequest(tokens.Refresh, nil),
			"access token as code":          codeRequest(tokens.Access, nil),
			"key as refresh token":          refreshRequest("vdo_live_example", nil),
			"client secret as code":         codeRequest(harness.ConfidentialPW, nil),
		} {
			a, err := d.JSON("/oauth/token", body)
			must(t, err)
			want(t, name, a.Status, http.StatusUnauthorized)
		}
		for _, token := range []string{code, harness.ConfidentialPW, "vdo_live_example"} {
			wantActive(t, d, token, false)
		}
		wantActive(t, d, tokens.Access, true)
		a, err := d.Refresh(tokens.Refresh)
		must(t, err)
		wantTokens(t, a, fullScope)
		a, err = d.Exchange(code, harness.Request{})
		must(t, err)
		wantTokens(t, a, fullScope)
	})
}
