package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestRFC6749_4_1_2_CodeUsedTwiceRevokesGrant: docs/security-cases.md 35; the second use is refused
// and revokes the tokens of the first.
func TestRFC6749_4_1_2_CodeUsedTwiceRevokesGrant(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		other, err := d.Issue(b, harness.Request{Workspace: "ws_doe"})
		expect.NoError(t, err)
		code, err := b.Approve(harness.Request{})
		expect.NoError(t, err)
		first, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Tokens(t, first, "videos:read analyze:write jobs:read")
		again, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Failure(t, again, http.StatusUnauthorized, "authentication_error", expect.BadCode)
		expect.Active(t, d, first.Text("access_token"), false)
		refreshed, err := d.Refresh(first.Text("refresh_token"))
		expect.NoError(t, err)
		expect.Failure(t, refreshed, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
		expect.Active(t, d, other.Access, true)
	})
}

// TestWire4_1_ReplayThatIsWrongOtherwiseRevokesNothing: only a request that could have redeemed the
// code revokes its tokens.
func TestWire4_1_ReplayThatIsWrongOtherwiseRevokesNothing(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		verifier := harness.NewVerifier()
		code, err := d.NewBrowser().Approve(harness.Request{Verifier: verifier})
		expect.NoError(t, err)
		first, err := d.JSON("/oauth/token", harness.CodeRequest(code, map[string]any{"code_verifier": verifier}))
		expect.NoError(t, err)
		expect.Tokens(t, first, "videos:read analyze:write jobs:read")
		for name, change := range map[string]map[string]any{
			"wrong secret":       {"code_verifier": verifier, "client_secret": "vdo_secret_wrong"},
			"another redirect":   {"code_verifier": verifier, "redirect_uri": d.PublicURL + "/demo/callback"},
			"wrong verifier":     {"code_verifier": harness.NewVerifier()},
			"verifier left out":  {},
			"another app's code": {"code_verifier": verifier, "client_id": harness.PublicID, "client_secret": nil},
		} {
			a, err := d.JSON("/oauth/token", harness.CodeRequest(code, change))
			expect.NoError(t, err)
			expect.Equal(t, name, a.Status, http.StatusUnauthorized)
		}
		expect.Active(t, d, first.Text("access_token"), true)
	})
}

// TestCase37_CodeOfAnotherClientIsRefusedAndNotBurnt: another client's request neither redeems nor
// invalidates the code.
func TestCase37_CodeOfAnotherClientIsRefusedAndNotBurnt(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		verifier := harness.NewVerifier()
		code, err := d.NewBrowser().Approve(harness.Request{Verifier: verifier})
		expect.NoError(t, err)
		stolen, err := d.JSON("/oauth/token", harness.CodeRequest(code, map[string]any{
			"client_id": harness.PublicID, "client_secret": nil, "code_verifier": verifier,
		}))
		expect.NoError(t, err)
		expect.Failure(t, stolen, http.StatusUnauthorized, "authentication_error", expect.BadCode)
		mine, err := d.JSON("/oauth/token", harness.CodeRequest(code, map[string]any{"code_verifier": verifier}))
		expect.NoError(t, err)
		expect.Tokens(t, mine, "videos:read analyze:write jobs:read")
	})
}

// TestRFC7636_4_6_ChallengeNeedsItsVerifier: docs/security-cases.md 38, for both client types; a
// client secret does not replace the verifier.
func TestRFC7636_4_6_ChallengeNeedsItsVerifier(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for client, base := range map[string]map[string]any{
			harness.ConfidentialID: {},
			harness.PublicID:       {"client_id": harness.PublicID, "client_secret": nil},
		} {
			verifier := harness.NewVerifier()
			code, err := d.NewBrowser().Approve(harness.Request{ClientID: client, Verifier: verifier})
			expect.NoError(t, err)
			body := harness.CodeRequest(code, base)
			for _, wrong := range wrongVerifiers(verifier) {
				body["code_verifier"] = wrong
				a, err := d.JSON("/oauth/token", body)
				expect.NoError(t, err)
				if a.Status != http.StatusUnauthorized && a.Status != http.StatusBadRequest {
					t.Errorf("%s with verifier %.20q: %d %s", client, wrong, a.Status, a.Raw)
				}
				if s, ok := wrong.(string); ok && len(s) < 200 && !strings.ContainsAny(s, "\x00") {
					expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadVerifier)
				}
			}
			body["code_verifier"] = verifier
			a, err := d.JSON("/oauth/token", body)
			expect.NoError(t, err)
			expect.Tokens(t, a, "videos:read analyze:write jobs:read")
		}
	})
}

// wrongVerifiers returns the values of docs/security-cases.md 38 and 40: similar to the verifier,
// but not equal.
func wrongVerifiers(right string) []any {
	return []any{
		"", nil, " ", harness.NewVerifier(), harness.Challenge(right), harness.Challenge(right) + "=",
		right[:42], strings.Repeat("a", 42), strings.Repeat("a", 128), strings.Repeat("a", 129), right + "=", right[:42] + "é",
		right[:40] + "🙂", strings.ToUpper(right) + "x", right + "\x00", strings.Repeat("a", 30_000), 1,
		[]string{right},
	}
}

// TestWire4_1_VerifierWithoutChallengeIsRefused: a verifier without a code_challenge is a downgrade
// attack or a mistake.
func TestWire4_1_VerifierWithoutChallengeIsRefused(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		code, err := d.NewBrowser().Approve(harness.Request{})
		expect.NoError(t, err)
		a, err := d.JSON("/oauth/token", harness.CodeRequest(code, map[string]any{"code_verifier": harness.NewVerifier()}))
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadVerifier)
	})
}

// TestRFC6749_4_1_3_RedirectURIMustBeTheSame: docs/security-cases.md 41; equal to the authorization
// request's, byte for byte.
func TestRFC6749_4_1_3_RedirectURIMustBeTheSame(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		code, err := d.NewBrowser().Approve(harness.Request{})
		expect.NoError(t, err)
		for _, uri := range []any{nil, ""} {
			a, err := d.JSON("/oauth/token", harness.CodeRequest(code, map[string]any{"redirect_uri": uri}))
			expect.NoError(t, err)
			expect.Failure(t, a, http.StatusBadRequest, "invalid_request", "")
			if !strings.Contains(a.Message(), "redirect_uri") {
				t.Errorf("the message does not name redirect_uri: %s", a.Raw)
			}
		}
		for _, uri := range append(spellings(), d.PublicURL+"/demo/callback") {
			a, err := d.JSON("/oauth/token", harness.CodeRequest(code, map[string]any{"redirect_uri": uri}))
			expect.NoError(t, err)
			if a.Status != http.StatusUnauthorized && a.Status != http.StatusBadRequest {
				t.Errorf("redirect_uri %q: %d %s", uri, a.Status, a.Raw)
			}
		}
		a, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Tokens(t, a, "videos:read analyze:write jobs:read")
	})
}

// TestCase44_ClientCredentialsOfEveryWrongKind: failed client authentication does not consume the
// code.
func TestCase44_ClientCredentialsOfEveryWrongKind(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		verifier := harness.NewVerifier()
		code, err := d.NewBrowser().Approve(harness.Request{ClientID: harness.PublicID, Verifier: verifier})
		expect.NoError(t, err)
		public := map[string]any{"client_id": harness.PublicID, "client_secret": "anything", "code_verifier": verifier}
		a, err := d.JSON("/oauth/token", harness.CodeRequest(code, public))
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadClient)
		for _, change := range []map[string]any{
			{"client_secret": nil},
			{"client_secret": ""},
			{"client_secret": "vdo_secret_xyz788"},
			{"client_secret": "VDO_SECRET_XYZ789"},
			{"client_id": "vdo_client_nope"},
			{"client_id": "VDO_CLIENT_ABC123"},
			{"client_id": strings.Repeat("x", 10_000)},
		} {
			a, err := d.JSON("/oauth/token", harness.CodeRequest(code, change))
			expect.NoError(t, err)
			expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadClient)
		}
		public["client_secret"] = ""
		a, err = d.JSON("/oauth/token", harness.CodeRequest(code, public))
		expect.NoError(t, err)
		expect.Tokens(t, a, "videos:read analyze:write jobs:read")
	})
}
