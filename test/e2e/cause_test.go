package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// refusals returns the gateway's counter of refused requests at an endpoint with a cause.
func refusals(t *testing.T, d *harness.Deployment, endpoint, cause string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.AdminURL+"/metrics", nil)
	expect.NoError(t, err)
	text, _, err := harness.SendText(req)
	expect.NoError(t, err)
	line := regexp.MustCompile(`(?m)^usher_refusals_total\{cause="` + cause + `",endpoint="` + endpoint + `"\} (\d+)$`).FindStringSubmatch(text)
	if line == nil {
		return ""
	}
	return line[1]
}

// refusedToken sends a token request in both dialects, checks its cause, and returns both response
// bodies.
func refusedToken(t *testing.T, d *harness.Deployment, body map[string]any, cause, clientID string) string {
	t.Helper()
	form := url.Values{}
	for name, value := range body {
		text, _ := value.(string)
		form.Set(name, text)
	}
	before := refusals(t, d, "/oauth/token", cause)
	a, err := d.JSON("/oauth/token", body)
	expect.NoError(t, err)
	expect.Cause(t, d, a.Header, cause, clientID)
	if after := refusals(t, d, "/oauth/token", cause); after == before || after == "" {
		t.Errorf("%s was counted %s times before and %s after", cause, before, after)
	}
	b, err := d.Form("/oauth/token", form)
	expect.NoError(t, err)
	expect.Cause(t, d, b.Header, cause, clientID)
	wantLogged(t, d, "/oauth/token", cause, clientID, b.Header.Get("Usher-Request-Id"))
	for _, response := range []string{a.Raw, b.Raw} {
		if strings.Contains(response, cause) {
			t.Errorf("the response contains the cause: %s", response)
		}
	}
	return a.Raw + b.Raw
}

const (
	confidentialID = harness.ConfidentialID
	publicID       = harness.PublicID
	resourceID     = harness.ResourceID
)

// TestFault_D3_EveryRefusedCodeHasItsCause, and the responses are identical to the byte.
func TestFault_D3_EveryRefusedCodeHasItsCause(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		r := harness.Request{ClientID: publicID, Verifier: harness.NewVerifier()}
		code, err := b.Approve(r)
		expect.NoError(t, err)
		plain, err := b.Approve(harness.Request{})
		expect.NoError(t, err)
		asPublic := func(code string, change map[string]any) map[string]any {
			body := harness.CodeRequest(code, map[string]any{"client_id": publicID, "client_secret": nil, "code_verifier": r.Verifier})
			for name, value := range change {
				if body[name] = value; value == nil {
					delete(body, name)
				}
			}
			return body
		}
		bodies := map[string]bool{}
		for _, row := range []struct {
			cause, id string
			body      map[string]any
		}{
			{"code_malformed", confidentialID, harness.CodeRequest("AUTH_CODE", nil)},
			{"code_unknown", confidentialID, harness.CodeRequest(harness.NewVerifier(), nil)}, // a valid form
			{"code_other_client", confidentialID, harness.CodeRequest(code, nil)},
			{"code_other_client", publicID, asPublic(plain, map[string]any{"code_verifier": nil})},
			{"redirect_uri_other", confidentialID, harness.CodeRequest(plain, map[string]any{"redirect_uri": harness.CallbackURI + "/"})},
		} {
			bodies[refusedToken(t, d, row.body, row.cause, row.id)] = true
		}
		verifiers := map[string]bool{}
		for _, row := range []struct {
			cause, id string
			body      map[string]any
		}{
			{"verifier_missing", publicID, asPublic(code, map[string]any{"code_verifier": nil})},
			{"verifier_malformed", publicID, asPublic(code, map[string]any{"code_verifier": "too short"})},
			{"verifier_wrong", publicID, asPublic(code, map[string]any{"code_verifier": harness.NewVerifier()})},
			{"verifier_unexpected", confidentialID, harness.CodeRequest(plain, map[string]any{"code_verifier": r.Verifier})},
		} {
			verifiers[refusedToken(t, d, row.body, row.cause, row.id)] = true
		}
		a, err := d.Exchange(plain, harness.Request{})
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
		bodies[refusedToken(t, d, harness.CodeRequest(plain, nil), "code_replayed", confidentialID)] = true
		if len(bodies) != 1 || len(verifiers) != 1 {
			t.Errorf("causes of one reason have %d and %d responses: %v %v", len(bodies), len(verifiers), bodies, verifiers)
		}
	})
}

// TestFault_D3_EveryRefusedRefreshTokenHasItsCause likewise.
func TestFault_D3_EveryRefusedRefreshTokenHasItsCause(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		first, err := d.Issue(d.NewBrowser(), harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		bodies := map[string]bool{}
		refused := func(cause, id, token string, change map[string]any) {
			t.Helper()
			bodies[refusedToken(t, d, harness.RefreshRequest(token, change), cause, id)] = true
		}
		refused("refresh_malformed", confidentialID, "vdo_ort_x", nil)
		refused("refresh_malformed", confidentialID, first.Access, nil)
		refused("refresh_other_client", publicID, first.Refresh, map[string]any{"client_id": publicID, "client_secret": nil})
		next, err := d.Refresh(first.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, next, harness.FullScope)
		reused, err := d.Refresh(first.Refresh)
		expect.NoError(t, err)
		bodies[reused.Raw] = false
		expect.Cause(t, d, reused.Header, "refresh_reused", confidentialID)
		refused("refresh_rotated", confidentialID, first.Refresh, nil)
		refused("refresh_revoked", confidentialID, next.Text("refresh_token"), nil)
		delete(bodies, reused.Raw)
		if len(bodies) != 1 {
			t.Errorf("causes of one reason have %d responses: %v", len(bodies), bodies)
		}
	})
}

// TestFault_D3_EveryFailedClientAuthenticationHasItsCause likewise; the id of an unregistered
// client is not logged.
func TestFault_D3_EveryFailedClientAuthenticationHasItsCause(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		bodies := map[string]bool{}
		for _, row := range []struct {
			cause, id    string
			name, secret any
		}{
			{"client_unknown", "", "vdo_client_nobody", "vdo_secret_wrong"},
			{"authentication_malformed", "", "not a client", "vdo_secret_wrong"},
			{"secret_missing", confidentialID, confidentialID, nil},
			{"secret_wrong", confidentialID, confidentialID, "vdo_secret_wrong"},
			{"secret_unexpected", publicID, publicID, "vdo_secret_wrong"},
		} {
			body := harness.CodeRequest(harness.NewVerifier(), map[string]any{"client_id": row.name, "client_secret": row.secret})
			bodies[refusedToken(t, d, body, row.cause, row.id)] = true
		}
		if len(bodies) != 1 {
			t.Errorf("causes of one reason have %d responses: %v", len(bodies), bodies)
		}
	})
}

var issuedSecret = regexp.MustCompile(`vdo_secret_[0-9A-Za-z]+`)

// TestFault_D3_AnOperatorsChangeToAClientIsTheCause: the secret was replaced, the client was
// disabled, or a grant type was removed.
func TestFault_D3_AnOperatorsChangeToAClientIsTheCause(t *testing.T) {
	d := shared.Processes()
	operate := func(args ...string) string {
		t.Helper()
		out, err := d.Operate(t.Context(), shared.Bins, args...)
		expect.NoError(t, err)
		return out
	}
	const id = "vdo_client_causes"
	old := issuedSecret.FindString(operate("clients", "create", "Causes", "--id", id, "--redirect-uri", harness.CallbackURI, "--scope", "videos:read"))
	fresh := issuedSecret.FindString(operate("clients", "rotate-secret", id, "--overlap", "0s"))
	d.RecordSecret("client_secret", old)
	d.RecordSecret("client_secret", fresh)
	body := harness.CodeRequest(harness.NewVerifier(), map[string]any{"client_id": id, "client_secret": old})
	replaced := refusedToken(t, d, body, "secret_expired", id)
	operate("clients", "update", id, "--grant-type", "refresh_token", "--grant-type", "authorization_code")
	operate("clients", "disable", id, "--yes")
	body["client_secret"] = fresh
	if disabled := refusedToken(t, d, body, "client_disabled", id); disabled != replaced {
		t.Errorf("the response to a disabled client is %s, to one with a replaced secret %s", disabled, replaced)
	}
	page, err := d.NewBrowser().Get(harness.Request{ClientID: id, Scope: "videos:read"}.Path())
	expect.NoError(t, err)
	expect.Cause(t, d, page.Header, "client_disabled", id)
}

// TestFault_D3_EveryRefusedAuthorizationRequestHasItsCause, on a page and in a redirect.
func TestFault_D3_EveryRefusedAuthorizationRequestHasItsCause(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		path := func(change ...string) string {
			u, err := url.Parse(harness.Request{ClientID: publicID, Verifier: harness.NewVerifier()}.Path())
			expect.NoError(t, err)
			q := u.Query()
			for i := 0; i < len(change); i += 2 {
				if q.Set(change[i], change[i+1]); change[i+1] == "" {
					q.Del(change[i])
				}
			}
			return u.Path + "?" + q.Encode()
		}
		for _, row := range []struct {
			cause, id, path string
			status          int
		}{
			{"query_malformed", "", "/oauth/authorize?client_id=%zz", 400},
			{"parameter_missing", "", path("client_id", ""), 400},
			{"client_unknown", "", path("client_id", "vdo_client_nobody"), 400},
			{"parameter_missing", publicID, path("redirect_uri", ""), 400},
			{"redirect_uri_unregistered", publicID, path("redirect_uri", "https://evil.test"), 400},
			{"state_too_long", publicID, path("state", strings.Repeat("x", 2049)), 400},
			{"parameter_repeated", publicID, path() + "&state=x", 303},
			{"request_object_unsupported", publicID, path("request", "x"), 303},
			{"response_mode_unsupported", publicID, path("response_mode", "form_post"), 303},
			{"response_type_unsupported", publicID, path("response_type", "token"), 303},
			{"scope_missing", publicID, path("scope", ""), 303},
			{"scope_malformed", publicID, path("scope", "videos:read\tjobs:read"), 303},
			{"scope_unknown", publicID, path("scope", "video:read"), 303},
			{"challenge_missing", publicID, path("code_challenge", ""), 303},
			{"challenge_method", publicID, path("code_challenge_method", "plain"), 303},
			{"challenge_malformed", publicID, path("code_challenge", "x"), 303},
			{"prompt_contradictory", publicID, path("prompt", "none login"), 303},
			{"login_required", publicID, path("prompt", "none"), 303},
		} {
			page, err := d.NewBrowser().Get(row.path)
			expect.NoError(t, err)
			expect.Equal(t, "status for "+row.cause, page.Status, row.status)
			expect.Cause(t, d, page.Header, row.cause, row.id)
			if refusals(t, d, "/oauth/authorize", row.cause) == "" {
				t.Errorf("%s is not counted", row.cause)
			}
			publicNames := map[string]bool{"challenge_method": true, "login_required": true} // a parameter and an error code have these names
			if !publicNames[row.cause] && strings.Contains(page.Body+page.Location(), row.cause) {
				t.Errorf("the page or the address contains %s", row.cause)
			}
		}
	})
}

// TestFault_D2_AnUnknownScopeIsNamed, with the most similar scope, in the characters of RFC
// 6749 §4.1.2.1.
func TestFault_D2_AnUnknownScopeIsNamed(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for scope, wanted := range map[string]string{
			"video:read jobs:read":    `'video:read' is not a scope; did you mean 'videos:read'?`,
			"videos:read,jobs:read":   `'videos:read,jobs:read' is not a scope: separate scopes by single spaces`,
			"videos:read\tjobs:read":  `the parameter scope must be scopes separated by single spaces, and 'videos:read?jobs:read' has a tab`,
			`"videos:read"`:           `the parameter scope must be scopes separated by single spaces, and '?videos:read?' has a quotation mark or a bracket`,
			strings.Repeat("x", 1000): `'` + strings.Repeat("x", 40) + `...' is not a scope`,
		} {
			page, err := d.NewBrowser().Get(harness.Request{Scope: scope}.Path())
			expect.NoError(t, err)
			expect.Equal(t, "error for "+scope, page.Query().Get("error"), "invalid_scope")
			expect.Equal(t, "description for "+scope, page.Query().Get("error_description"), wanted)
		}
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		a, err := d.JSON("/oauth/token", harness.RefreshRequest(tokens.Refresh, map[string]any{"scope": "export:write"}))
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusBadRequest, "invalid_scope", `the scope "export:write" was not granted: a refresh may only narrow the scope`)
		expect.Cause(t, d, a.Header, "scope_not_granted", confidentialID)
	})
}

// TestFault_D2_ARefreshTokenAtTheAPIIsNamedAsOne.
func TestFault_D2_ARefreshTokenAtTheAPIIsNamedAsOne(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		req, err := http.NewRequest(http.MethodGet, d.PublicURL+"/v1/videos", nil)
		expect.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+tokens.Refresh)
		a, err := harness.Send(req)
		expect.NoError(t, err)
		if a.Status != http.StatusUnauthorized || a.Message() != "This is a refresh token: send the access token" {
			t.Errorf("%d %s", a.Status, a.Raw)
		}
		expect.Cause(t, d, a.Header, "access_token_is_refresh_token", "")
	})
}

// TestFault_D5_IntrospectionWithoutASecretReturnsWhatItNeeds, whichever client id the request has,
// or none.
func TestFault_D5_IntrospectionWithoutASecretReturnsWhatItNeeds(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		bodies := map[string]bool{}
		for _, id := range []any{nil, publicID, confidentialID, resourceID, "vdo_client_nobody"} {
			body := map[string]any{"token": "vdo_oat_x"}
			if id != nil {
				body["client_id"] = id
			}
			a, err := d.JSON("/oauth/introspect", body)
			expect.NoError(t, err)
			expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", "Introspection needs a confidential client")
			expect.Cause(t, d, a.Header, "introspection_without_secret", "")
			bodies[a.Raw] = true
		}
		if len(bodies) != 1 {
			t.Errorf("the responses differ between clients: %v", bodies)
		}
		a, err := d.JSON("/oauth/introspect", map[string]any{"token": "vdo_oat_x", "client_id": confidentialID, "client_secret": "vdo_secret_wrong"})
		expect.NoError(t, err)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", "Invalid client credentials")
		expect.Cause(t, d, a.Header, "secret_wrong", confidentialID)
	})
}

// TestFault_A11_AReuseIsAWarningWithItsCircumstances: the client, the user, the source address, and
// the time since the first use.
func TestFault_A11_AReuseIsAWarningWithItsCircumstances(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		code, err := b.Approve(harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		a, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
		replayed, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		wantWarning(t, d, replayed, "authorization code was used again", "code_replayed")

		tokens, err := d.Issue(b, harness.Request{Email: harness.EstherEmail})
		expect.NoError(t, err)
		next, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, next, harness.FullScope)
		reused, err := d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		line := wantWarning(t, d, reused, "rotated refresh token was used again", "refresh_reused")
		if !regexp.MustCompile(`looks like parallel refreshes; allow repeats for (\d+s) with usher clients update ` + confidentialID + ` --refresh-retry (\d+s)`).MatchString(line) {
			t.Errorf("a reuse right after the rotation has no hint: %s", line)
		}
	})
}

func wantWarning(t *testing.T, d *harness.Deployment, a harness.Response, text, cause string) string {
	t.Helper()
	line := expect.LogLine(t, d, a.Header.Get("Usher-Request-Id"), text)
	for name, value := range map[string]string{
		"level": "WARN", "cause": cause, "client_id": confidentialID, "workspace_id": "ws_acme", "source": "127.0.0.1", "same_source": "yes",
	} {
		expect.Equal(t, name+" of the warning about "+cause, expect.Member(line, name), value)
	}
	if !strings.HasPrefix(expect.Member(line, "user_id"), "usr_") || expect.Member(line, "after") == "" {
		t.Errorf("the warning has no user id or no time since the first use: %s", line)
	}
	return line
}
