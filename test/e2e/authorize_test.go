package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// spellings returns the variants of docs/security-cases.md 2: URIs that are almost the registered
// redirect URI.
func spellings() []string {
	return []string{
		"https://yourapp.com/CALLBACK", "https://YOURAPP.com/callback", "HTTPS://yourapp.com/callback", "http://yourapp.com/callback",
		"https://yourapp.com:443/callback", "https://yourapp.com/callback/", "https://yourapp.com/callbackX",
		"https://yourapp.com/callback/../x", "https://yourapp.com/x/..;/callback", "https://yourapp.com/%63allback",
		"https://yourapp.com//callback", "https://yourapp.com/callback?x=1", "https://yourapp.com/callback?",
		"https://yourapp.com/callback#", "https://yourapp.com/callback#f", "https://u@yourapp.com/callback",
		"https://yourapp.com@evil.test/callback", "https://a@b@yourapp.com/callback", `https://yourapp.com\@evil.test/callback`,
		"https://yourapp.com.evil.test/callback", "https://yоurapp.com/callback", "https://xn--yurapp-29g.com/callback",
		"https://yourapp.com/callback\x00", " https://yourapp.com/callback", "//yourapp.com/callback",
		"javascript:alert(1)//yourapp.com/callback",
	}
}

// authorize opens a valid authorization request with some parameters replaced; "" removes one.
func authorize(t *testing.T, b *harness.Browser, change map[string]string) harness.Page {
	t.Helper()
	q := url.Values{
		"client_id": {harness.ConfidentialID}, "redirect_uri": {harness.CallbackURI}, "response_type": {"code"},
		"scope": {"videos:read"}, "state": {"s"},
	}
	for k, v := range change {
		if q.Set(k, v); v == "" {
			q.Del(k)
		}
	}
	page, err := b.Get("/oauth/authorize?" + q.Encode())
	expect.NoError(t, err)
	return page
}

// wantRedirectError checks that the response is RDERR (docs/security-cases.md): 303 to the
// registered URI with the error, the unchanged state and no code.
func wantRedirectError(t *testing.T, d *harness.Deployment, what string, page harness.Page, code string) {
	t.Helper()
	q := page.Query()
	if page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location(), harness.CallbackURI+"?") || q.Get("error") != code ||
		q.Has("code") || q.Get("state") != "s" || q.Get("iss") != d.PublicURL {
		t.Errorf("%s: status %d, location %q; want error=%s", what, page.Status, page.Location(), code)
	}
}

// TestCase1_NeverRedirectsToAnUnregisteredURI, also if other parameters are wrong, signed in or
// not.
func TestCase1_NeverRedirectsToAnUnregisteredURI(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		in := d.NewBrowser()
		_, err := in.Consent(harness.Request{})
		expect.NoError(t, err)
		for name, b := range map[string]*harness.Browser{"signed out": d.NewBrowser(), "signed in": in} {
			for _, change := range []map[string]string{
				{"response_type": "token", "scope": "bogus"}, {"response_type": ""}, {"prompt": "none"}, {"client_id": "vdo_client_nope"}, {},
			} {
				change["redirect_uri"] = "https://evil.test/cb"
				expect.ErrorPage(t, name, authorize(t, b, change))
			}
		}
	})
}

// TestCase1_DenyGoesToTheRegisteredURIOnly: a redirect_uri added to the form has no effect.
func TestCase1_DenyGoesToTheRegisteredURIOnly(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		consent, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		form, err := consent.FormWith("workspace_id")
		expect.NoError(t, err)
		page, err := b.Submit(consent, form, map[string]string{"decision": "deny", "redirect_uri": "https://evil.test/cb"})
		expect.NoError(t, err)
		if !strings.HasPrefix(page.Location(), harness.CallbackURI+"?") || page.Query().Get("error") != "access_denied" {
			t.Errorf("denial led to %q", page.Location())
		}
	})
}

// TestCase2_RedirectURIIsComparedByteForByte at the authorization endpoint.
func TestCase2_RedirectURIIsComparedByteForByte(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for _, uri := range spellings() {
			expect.ErrorPage(t, uri, authorize(t, b, map[string]string{"redirect_uri": uri}))
		}
		if page := authorize(t, b, nil); page.Status != http.StatusSeeOther {
			t.Errorf("the registered URI itself: status %d", page.Status)
		}
	})
}

// TestRFC8252_7_3_LoopbackPortIsFree: any port of http://127.0.0.1 is accepted; every other
// difference is refused.
func TestRFC8252_7_3_LoopbackPortIsFree(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		base := map[string]string{
			"client_id": harness.PublicID, "code_challenge": harness.Challenge(harness.NewVerifier()), "code_challenge_method": "S256",
		}
		for uri, allowed := range map[string]bool{
			"http://127.0.0.1/callback": true, "http://127.0.0.1:49152/callback": true, "http://127.0.0.1:49152/other": false,
			"http://localhost:49152/callback": false, "https://127.0.0.1:49152/callback": false, "http://127.0.0.1:x/callback": false,
			"http://127.0.0.1.evil.test:80/callback": false,
		} {
			base["redirect_uri"] = uri
			page := authorize(t, b, base)
			if got := page.Status == http.StatusSeeOther; got != allowed {
				t.Errorf("%s: status %d", uri, page.Status)
			}
		}
	})
}

// TestRFC6749_3_1_RepeatedParameters: docs/security-cases.md 4, in both orders, also under a
// percent-encoded name.
func TestRFC6749_3_1_RepeatedParameters(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		good := "client_id=" + harness.PublicID + "&redirect_uri=" + url.QueryEscape(harness.CallbackURI) +
			"&response_type=code&scope=videos:read&state=s&code_challenge_method=S256&code_challenge=" + harness.Challenge(harness.NewVerifier())
		get := func(query string) harness.Page {
			page, err := b.Get("/oauth/authorize?" + query)
			expect.NoError(t, err)
			return page
		}
		for _, second := range []string{"redirect_uri=https://evil.test/cb", "client_id=vdo_client_abc123", "redirect%5Furi=https://evil.test/cb"} {
			expect.ErrorPage(t, second, get(good+"&"+second))
			expect.ErrorPage(t, second+" first", get(second+"&"+good))
		}
		for _, second := range []string{
			"response_type=code", "scope=videos:read", "code_challenge=x", "code_challenge_method=S256", "st%61te=t", "sc%6Fpe=jobs:read",
		} {
			for _, query := range []string{good + "&" + second, second + "&" + good} {
				page := get(query)
				if page.Status != http.StatusSeeOther || page.Query().Get("error") != "invalid_request" ||
					!strings.HasPrefix(page.Location(), harness.CallbackURI+"?") {
					t.Errorf("%s: status %d, location %q", second, page.Status, page.Location())
				}
			}
		}
		if page := get(good + "&extra=foobar&extra=foobar"); page.Query().Get("error") != "" || page.Status != http.StatusSeeOther {
			t.Errorf("an unknown parameter, even twice, must be ignored: %q", page.Location())
		}
	})
}

// TestWire5_OtherErrorsRedirect: docs/security-cases.md 6, 7 and 15, each with its code.
func TestWire5_OtherErrorsRedirect(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for _, c := range []struct {
			change map[string]string
			code   string
		}{
			{map[string]string{"response_type": ""}, "invalid_request"},
			{map[string]string{"response_type": "token"}, "unsupported_response_type"},
			{map[string]string{"response_type": "id_token"}, "unsupported_response_type"},
			{map[string]string{"response_type": "code token"}, "unsupported_response_type"},
			{map[string]string{"response_type": "none"}, "unsupported_response_type"},
			{map[string]string{"response_type": "CODE"}, "unsupported_response_type"},
			{map[string]string{"response_type": "code,token"}, "unsupported_response_type"},
			{map[string]string{"scope": ""}, "invalid_scope"},
			{map[string]string{"scope": "videos:read admin"}, "invalid_scope"},
			{map[string]string{"scope": "Videos:Read"}, "invalid_scope"},
			{map[string]string{"scope": "videos:read,export:write"}, "invalid_scope"},
			{map[string]string{"scope": "videos:read\tjobs:read"}, "invalid_scope"},
			{map[string]string{"scope": "videos:read\njobs:read"}, "invalid_scope"},
			{map[string]string{"scope": "*"}, "invalid_scope"},
			{map[string]string{"scope": "videos:*"}, "invalid_scope"},
			{map[string]string{"client_id": harness.PublicID}, "invalid_request"},
			{map[string]string{"code_challenge": harness.Challenge("x")}, "invalid_request"},
			{map[string]string{"code_challenge": harness.Challenge("x"), "code_challenge_method": "plain"}, "invalid_request"},
			{map[string]string{"code_challenge": harness.Challenge("x"), "code_challenge_method": "s256"}, "invalid_request"},
			{map[string]string{"code_challenge": harness.Challenge("x"), "code_challenge_method": "S512"}, "invalid_request"},
			{map[string]string{"code_challenge_method": "S256"}, "invalid_request"},
			{map[string]string{"code_challenge": harness.Challenge("x")[:42], "code_challenge_method": "S256"}, "invalid_request"},
			{map[string]string{"code_challenge": harness.Challenge("x") + "A", "code_challenge_method": "S256"}, "invalid_request"},
			{map[string]string{"code_challenge": harness.Challenge("x")[:42] + "=", "code_challenge_method": "S256"}, "invalid_request"},
			{map[string]string{"code_challenge": "+/" + harness.Challenge("x")[2:], "code_challenge_method": "S256"}, "invalid_request"},
			{map[string]string{"code_challenge": harness.Challenge("x")[:42] + "\x00", "code_challenge_method": "S256"}, "invalid_request"},
		} {
			wantRedirectError(t, d, c.code, authorize(t, b, c.change), c.code)
		}
	})
}

// TestCase8_StateComesBackByteForByte through approve, deny and an error.
func TestCase8_StateComesBackByteForByte(t *testing.T) {
	states := []string{
		"a\r\nSet-Cookie: x=1", `"><script>alert(1)</script>`, "a&code=evil&iss=https://evil.test", "a+b c", "😀", "\x00", strings.Repeat("x", 2000),
	}
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		_, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		for _, state := range states {
			for _, decision := range []string{"approve", "deny", ""} {
				r := harness.Request{State: state}
				if decision == "" {
					r.Scope = "bogus"
				}
				page, err := b.Get(r.Path())
				expect.NoError(t, err)
				if decision != "" {
					page, err = b.Consent(r)
					expect.NoError(t, err)
					page, err = b.Decide(page, "ws_acme", decision)
					expect.NoError(t, err)
				}
				q := page.Query()
				if len(q["state"]) != 1 || q.Get("state") != state || len(q["code"])+len(q["error"]) != 1 || len(q["iss"]) != 1 || page.Header.Get("Set-Cookie") != "" && decision == "" && strings.Contains(page.Header.Get("Set-Cookie"), "x=1") {
					t.Errorf("%s with state %.30q led to %.200q", decision, state, page.Location())
				}
			}
		}
		page, err := b.Get(harness.Request{State: strings.Repeat("x", 8000)}.Path())
		expect.NoError(t, err)
		if page.Status != http.StatusBadRequest {
			t.Errorf("an overlong state returned %d, want 400", page.Status)
		}
	})
}

// TestCase9_ErrorPageReflectsNothing, and the error page has the headers of case 10.
func TestCase9_ErrorPageReflectsNothing(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for _, change := range []map[string]string{
			{"client_id": "<svg/onload=alert(1)>"},
			{"redirect_uri": "javascript:alert(1)", "scope": `"><img src=x onerror=alert(1)>`},
			{"client_id": "nope", "error_hint": "<script>", "error_description": "<script>", "message": "<script>"},
		} {
			page := authorize(t, b, change)
			expect.ErrorPage(t, "xss", page)
			for _, bad := range []string{"<svg", "<img", "<script", "javascript:"} {
				if strings.Contains(page.Body, bad) {
					t.Errorf("the page contains %q", bad)
				}
			}
			expect.PageHeaders(t, "error page", page)
		}
	})
}

// TestCase10_HeadersOnEveryPage of a flow.
func TestCase10_HeadersOnEveryPage(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		signIn, err := b.Follow(b.Get(harness.Request{}.Path()))
		expect.NoError(t, err)
		expect.PageHeaders(t, "sign-in page", signIn)
		consent, err := b.SignIn(signIn, harness.JohnEmail, harness.UserPassword)
		expect.NoError(t, err)
		expect.PageHeaders(t, "consent page", consent)
		apps, err := b.Get("/account/connected-apps")
		expect.NoError(t, err)
		expect.Equal(t, "status of the connected apps", apps.Status, http.StatusOK)
		expect.PageHeaders(t, "connected apps", apps)
		missing, err := b.Get("/nowhere")
		expect.NoError(t, err)
		expect.Equal(t, "status of an unknown path", missing.Status, http.StatusNotFound)
	})
}

// TestCase12_IssuerIsConfiguredNotObserved: no request header changes the issuer.
func TestCase12_IssuerIsConfiguredNotObserved(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, path := range []string{"/.well-known/oauth-authorization-server", harness.Request{Scope: "bogus", State: "s"}.Path()} {
			req, err := http.NewRequest(http.MethodGet, d.PublicURL+path, nil)
			expect.NoError(t, err)
			req.Host = "evil.test"
			req.Header.Set("X-Forwarded-Host", "evil.test")
			req.Header.Set("X-Forwarded-Proto", "https")
			req.Header.Set("Forwarded", "for=127.0.0.1;proto=https;host=evil.test")
			page, err := d.NewBrowser().Do(req)
			expect.NoError(t, err)
			if strings.Contains(page.Body+page.Location(), "evil.test") {
				t.Errorf("%s trusted a header: %s %s", path, page.Body, page.Location())
			}
			if page.Location() != "" {
				expect.Equal(t, "iss", page.Query().Get("iss"), d.PublicURL)
			}
		}
	})
}

// TestCase13_RequestObjectsAndResponseModes: neither changes where or how the response is sent.
func TestCase13_RequestObjectsAndResponseModes(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		for _, change := range []map[string]string{
			{"response_mode": "fragment"},
			{"response_mode": "form_post"},
			{"response_mode": "web_message"},
			{"response_mode": "<script>"},
			{"request": "eyJhbGciOiJub25lIn0.e30."},
			{"request_uri": "http://127.0.0.1:1/ro"},
		} {
			page := authorize(t, b, change)
			if page.Status != http.StatusSeeOther || !strings.HasPrefix(page.Location(), harness.CallbackURI+"?") || !page.Query().Has("error") {
				t.Errorf("%v: status %d, location %q", change, page.Status, page.Location())
			}
		}
	})
}

// TestCase15_ScopeOrderAndDuplicates: the order is kept, duplicates are removed, and the token has
// exactly the scopes of the consent screen.
func TestCase15_ScopeOrderAndDuplicates(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := harness.Request{Scope: "jobs:read videos:read jobs:read"}
		code, err := d.NewBrowser().Approve(r)
		expect.NoError(t, err)
		a, err := d.Exchange(code, r)
		expect.NoError(t, err)
		expect.Tokens(t, a, "jobs:read videos:read")
	})
}

// TestCase30_GETNeverApproves and no parameter bypasses the consent screen.
func TestCase30_GETNeverApproves(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		consent, err := b.Consent(harness.Request{})
		expect.NoError(t, err)
		form, err := consent.FormWith("workspace_id")
		expect.NoError(t, err)
		form.Values.Set("decision", "approve")
		form.Values.Set("workspace_id", "ws_acme")
		page, err := b.Follow(b.Get("/consent?" + form.Values.Encode()))
		expect.NoError(t, err)
		if strings.Contains(page.Location(), "code=") {
			t.Errorf("a GET approved: %s", page.Location())
		}
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			req, err := http.NewRequest(method, d.PublicURL+"/consent/decision?"+form.Values.Encode(), nil)
			expect.NoError(t, err)
			_, status, err := harness.SendText(req)
			expect.NoError(t, err)
			expect.Equal(t, "status of "+method, status, http.StatusMethodNotAllowed)
		}
		for _, flag := range []string{"approve=true", "approval_prompt=auto", "decision=approve", "consent=1", "prompt=none"} {
			page, err := b.Follow(b.Get(harness.Request{}.Path() + "&" + flag))
			expect.NoError(t, err)
			if page.Query().Has("code") {
				t.Errorf("%s issued a code", flag)
			}
		}
	})
}
