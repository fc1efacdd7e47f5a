package openid

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestOIDCBasic_Server: oidcc-server, oidcc-idtoken-signature and oidcc-userinfo-get.
func TestOIDCBasic_Server(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		a := r.login(t)
		if a.text("nonce") != "n-0S6_WzA2Mj" || a.number("auth_time") == 0 || a.text("sid") == "" {
			t.Errorf("the claims are %v", a.claims)
		}
		if a.text("https://vidocu.ai/claims/workspace") != "ws_acme" {
			t.Errorf("the workspace is missing: %v", a.claims)
		}
		for _, claim := range []string{"name", "email", "azp", "acr", "amr"} {
			if _, has := a.claims[claim]; has {
				t.Errorf("the ID token has %s", claim)
			}
		}
		if len(a.header) != 3 || a.header["alg"] != "RS256" || a.header["typ"] != "JWT" {
			t.Errorf("the header is %v", a.header)
		}
		if info := r.userInfo(t, a.Text("access_token")); info.Status != http.StatusOK || info.Text("sub") != a.text("sub") || len(info.Body) != 1 {
			t.Errorf("UserInfo: %d %s", info.Status, info.Raw)
		}
	})
}

// TestOIDCBasic_ResponseTypeMissing: oidcc-response-type-missing.
func TestOIDCBasic_ResponseTypeMissing(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		if back := r.open(t, r.params("response_type", "")).Query(); back.Get("error") != "invalid_request" || back.Get("state") != "st" {
			t.Errorf("the response is %v", back)
		}
	})
}

// TestOIDCBasic_UserinfoPostHeaderAndBody: oidcc-userinfo-post-header and oidcc-userinfo-post-body, and the
// challenges of RFC 6750 §3.
func TestOIDCBasic_UserinfoPostHeaderAndBody(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		a := r.login(t)
		token := a.Text("access_token")
		without := r.login(t, "scope", "videos:read")
		form := "application/x-www-form-urlencoded"
		for name, c := range map[string]struct {
			method, kind, header, body string
			status                     int
			challenge                  string
		}{
			"get":                  {"GET", "", token, "", 200, ""},
			"post, header":         {"POST", "", token, "", 200, ""},
			"post, header, form":   {"POST", form, token, "a=b", 200, ""},
			"post, body":           {"POST", form, "", "access_token=" + token, 200, ""},
			"post, both":           {"POST", form, token, "access_token=" + token, 400, `Bearer error="invalid_request"`},
			"post, twice":          {"POST", form, "", "access_token=" + token + "&access_token=" + token, 400, `Bearer error="invalid_request"`},
			"post, JSON":           {"POST", "application/json", "", `{"access_token":"` + token + `"}`, 401, `Bearer scope="openid"`},
			"in the query":         {"GET", "?", "", "access_token=" + token, 401, `Bearer scope="openid"`},
			"none":                 {"GET", "", "", "", 401, `Bearer scope="openid"`},
			"unknown":              {"GET", "", "vdo_oat_unknown", "", 401, `Bearer error="invalid_token"`},
			"a refresh token":      {"GET", "", a.Text("refresh_token"), "", 401, `Bearer error="invalid_token"`},
			"an ID token":          {"GET", "", a.Text("id_token"), "", 401, `Bearer error="invalid_token"`},
			"without scope openid": {"GET", "", without.Text("access_token"), "", 403, `Bearer error="insufficient_scope", scope="openid videos:read"`},
			"another method":       {"PUT", "", token, "", 405, ""},
		} {
			t.Run(name, func(t *testing.T) {
				address := d.PublicURL + "/oauth/userinfo"
				if c.kind == "?" {
					address, c.kind, c.body = address+"?"+c.body, "", ""
				}
				req, err := http.NewRequest(c.method, address, strings.NewReader(c.body))
				expect.NoError(t, err)
				req.Header.Set("Origin", "https://app.test")
				if c.kind != "" {
					req.Header.Set("Content-Type", c.kind)
				}
				if c.header != "" {
					req.Header.Set("Authorization", "Bearer "+c.header)
				}
				res, err := harness.Send(req)
				expect.NoError(t, err)
				if res.Status != c.status || !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), c.challenge) {
					t.Errorf("%d %s, challenge %q", res.Status, res.Raw, res.Header.Get("WWW-Authenticate"))
				}
				if c.status != 405 && res.Header.Get("Access-Control-Allow-Origin") != "*" || res.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("the headers are %v", res.Header)
				}
				if c.status == 200 && res.Text("sub") != a.text("sub") {
					t.Errorf("sub is %q, and that of the ID token %q", res.Text("sub"), a.text("sub"))
				}
			})
		}
	})
}

// TestOIDCBasic_EnsureRequestWithoutNonceSucceedsForCodeFlow: oidcc-ensure-request-without-nonce-succeeds-for-code-flow.
func TestOIDCBasic_EnsureRequestWithoutNonceSucceedsForCodeFlow(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		if a := r.login(t, "nonce", ""); a.claims["nonce"] != nil {
			t.Errorf("the claims are %v", a.claims)
		}
		long := strings.Repeat("n", 255)
		if a := r.login(t, "nonce", long); a.text("nonce") != long {
			t.Errorf("a nonce of 255 bytes is %q", a.text("nonce"))
		}
		if back := r.open(t, r.params("nonce", long+"n")).Query(); back.Get("error") != "invalid_request" {
			t.Errorf("a longer one: %v", back)
		}
	})
}

// TestOIDCBasic_ScopeProfileEmailAndAll: oidcc-scope-profile, oidcc-scope-email, oidcc-scope-address,
// oidcc-scope-phone, oidcc-scope-all and oidcc-ensure-other-scope-order-succeeds.
func TestOIDCBasic_ScopeProfileEmailAndAll(t *testing.T) {
	profile := map[string]any{"name": "John Doe", "given_name": "John", "family_name": "Doe"}
	email := map[string]any{"email": harness.JohnEmail, "email_verified": true}
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		for scope, want := range map[string][]map[string]any{
			"openid profile": {profile}, "openid email": {email}, "email openid": {email}, "openid address phone": {}, "openid profile email address phone offline_access": {profile, email},
		} {
			a := r.login(t, "scope", scope)
			info := r.userInfo(t, a.Text("access_token"))
			n := 1
			for _, claims := range want {
				n += len(claims)
				for name, value := range claims {
					if info.Body[name] != value {
						t.Errorf("%s: %s is %v, want %v", scope, name, info.Body[name], value)
					}
				}
			}
			if len(info.Body) != n {
				t.Errorf("%s: UserInfo is %s", scope, info.Raw)
			}
			if granted := a.Text("scope"); strings.Contains(granted, "phone") || strings.Contains(granted, "offline_access") {
				t.Errorf("%s: granted is %q", scope, granted)
			}
		}
	})
}

// TestN10_7_TheProfileHasTheLanguageAndTheTimeZone that the user chose, and neither where they chose none.
func TestN10_7_TheProfileHasTheLanguageAndTheTimeZone(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		r.browser = expect.SignedIn(t, d, harness.EstherEmail)
		choose := func(language, zone string) {
			t.Helper()
			page, err := r.browser.Get("/account")
			expect.NoError(t, err)
			form, err := page.FormWith("time_zone")
			expect.NoError(t, err)
			page, err = r.browser.Submit(page, form, map[string]string{"language": language, "time_zone": zone})
			expect.NoError(t, err)
			expect.Equal(t, "status of the profile's form", page.Status, http.StatusSeeOther)
		}
		t.Cleanup(func() { choose("", "") })
		token := r.login(t, "scope", "openid profile").Text("access_token")
		want := func(locale, zone any) {
			t.Helper()
			info := r.userInfo(t, token)
			if info.Status != http.StatusOK || info.Body["locale"] != locale || info.Body["zoneinfo"] != zone {
				t.Errorf("%d %s, want %v and %v", info.Status, info.Raw, locale, zone)
			}
		}
		want(nil, nil)
		choose("de", "Europe/Vienna")
		want("de", "Europe/Vienna")
		choose("", "Europe/Vienna")
		want(nil, "Europe/Vienna")
		info := r.userInfo(t, r.login(t, "scope", "openid email").Text("access_token"))
		if info.Body["locale"] != nil || info.Body["zoneinfo"] != nil {
			t.Errorf("without the scope profile: %s", info.Raw)
		}
	})
}

// TestOIDCBasic_ParametersThatAreAccepted: oidcc-display-page, oidcc-display-popup, oidcc-ui-locales,
// oidcc-claims-locales, oidcc-ensure-request-with-acr-values-succeeds, oidcc-claims-essential,
// oidcc-ensure-request-with-unknown-parameter-succeeds and oidcc-ensure-request-with-valid-pkce-succeeds.
func TestOIDCBasic_ParametersThatAreAccepted(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, more := range [][]string{
			{"display", "page"},
			{"display", "popup"},
			{"ui_locales", "se de"},
			{"claims_locales", "se"},
			{"acr_values", "1 2"},
			{"extra", "foobar"},
			{"claims", `{"userinfo":{"name":{"essential":true}}}`},
			{"prompt", "consent"},
			{"response_mode", "query"},
		} {
			newRP(d).login(t, more...)
		}
		r := newRP(d)
		verifier := harness.NewVerifier()
		back := r.finish(t, r.open(t, r.params("code_challenge", harness.Challenge(verifier), "code_challenge_method", "S256")))
		a := r.tokens(t, url.Values{
			"grant_type": {"authorization_code"}, "code": {back.Get("code")}, "redirect_uri": {harness.CallbackURI}, "code_verifier": {verifier},
		})
		if a.Status != http.StatusOK {
			t.Errorf("with PKCE: %d %s", a.Status, a.Raw)
		}
	})
}

// TestOIDCBasic_ParametersThatAreRefused: oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported,
// oidcc-ensure-request-object-with-redirect-uri, and the errors of OpenID Connect Core §3.1.2.6.
func TestOIDCBasic_ParametersThatAreRefused(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		for want, more := range map[string][]string{
			"request_not_supported":      {"request", "eyJhbGciOiJub25lIn0.e30."},
			"request_uri_not_supported":  {"request_uri", "https://yourapp.com/request.jwt"},
			"registration_not_supported": {"registration", `{"client_name":"x"}`},
			"invalid_request":            {"id_token_hint", "eyJhbGciOiJub25lIn0.e30."},
			"unsupported_response_type":  {"response_type", "code id_token"},
			"invalid_scope":              {"scope", "openid unknown:scope"},
		} {
			if back := r.open(t, r.params(more...)).Query(); back.Get("error") != want || back.Get("iss") != d.PublicURL {
				t.Errorf("%s: %v", want, back)
			}
		}
	})
}

// TestOIDCBasic_LoginHint: oidcc-login-hint.
func TestOIDCBasic_LoginHint(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		page := r.open(t, r.params("login_hint", harness.EstherEmail))
		form, err := page.FormWith("password")
		expect.NoError(t, err)
		if form.Values.Get("email") != harness.EstherEmail {
			t.Errorf("the form is filled with %q", form.Values.Get("email"))
		}
	})
}

// TestOIDCBasic_CodeReuse: oidcc-codereuse, with the tokens of the first use.
func TestOIDCBasic_CodeReuse(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		code := r.finish(t, r.open(t, r.params())).Get("code")
		a := r.exchange(t, code)
		again := r.exchange(t, code)
		if again.Status != http.StatusBadRequest || again.Code() != "invalid_grant" || again.Text("id_token") != "" {
			t.Errorf("the second use: %d %s", again.Status, again.Raw)
		}
		if info := r.userInfo(t, a.Text("access_token")); info.Status != http.StatusUnauthorized {
			t.Errorf("UserInfo after it: %d", info.Status)
		}
	})
}

// TestOIDCBasic_CodeReuse30Seconds: oidcc-codereuse-30seconds, without the wait: a used code stays used.
func TestOIDCBasic_CodeReuse30Seconds(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		code := r.finish(t, r.open(t, r.params())).Get("code")
		r.exchange(t, code)
		for range 3 {
			if again := r.exchange(t, code); again.Code() != "invalid_grant" {
				t.Errorf("%d %s", again.Status, again.Raw)
			}
		}
	})
}

// TestOIDCBasic_EnsureRegisteredRedirectURI: oidcc-ensure-registered-redirect-uri.
func TestOIDCBasic_EnsureRegisteredRedirectURI(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		page := r.open(t, r.params("redirect_uri", "https://evil.example/callback", "prompt", "none"))
		if page.Status != http.StatusBadRequest || page.Location() != "" {
			t.Errorf("status %d, location %q", page.Status, page.Location())
		}
	})
}

// TestOIDCBasic_EnsurePostRequestSucceeds: oidcc-ensure-post-request-succeeds.
func TestOIDCBasic_EnsurePostRequestSucceeds(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/authorize", strings.NewReader(r.params().Encode()))
		expect.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		page, err := r.browser.Follow(r.browser.Do(req))
		expect.NoError(t, err)
		if a := r.exchange(t, r.finish(t, page).Get("code")); a.text("nonce") != "n-0S6_WzA2Mj" {
			t.Errorf("%d %s", a.Status, a.Raw)
		}
	})
}

// TestOIDCBasic_ServerClientSecretPost: oidcc-server-client-secret-post.
func TestOIDCBasic_ServerClientSecretPost(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		code := r.finish(t, r.open(t, r.params())).Get("code")
		a, err := d.Form("/oauth/token", url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {harness.CallbackURI}, "client_id": {r.id}, "client_secret": {r.secret},
		})
		expect.NoError(t, err)
		if claims, _ := r.verify(t, a.Text("id_token")); claims["aud"] != r.id {
			t.Errorf("the claims are %v", claims)
		}
		if strings.Contains(a.Raw, `"id_token":""`) {
			t.Error("an empty id_token")
		}
	})
}

// TestOIDCBasic_RefreshToken: oidcc-refresh-token (OpenID Connect Core §12.2).
func TestOIDCBasic_RefreshToken(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		a := r.login(t, "scope", "openid videos:read")
		b := r.refresh(t, a.Text("refresh_token"))
		for _, claim := range []string{"iss", "sub", "aud", "auth_time", "sid", "https://vidocu.ai/claims/workspace"} {
			if a.claims[claim] != b.claims[claim] {
				t.Errorf("%s was %v, and is %v", claim, a.claims[claim], b.claims[claim])
			}
		}
		if b.claims["nonce"] != nil || b.text("at_hash") == a.text("at_hash") {
			t.Errorf("the claims are %v", b.claims)
		}
		narrowed, err := d.Form("/oauth/token", url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {b.Text("refresh_token")}, "scope": {"videos:read"},
		}, r.id, r.secret)
		expect.NoError(t, err)
		if narrowed.Status != http.StatusOK || narrowed.Body["id_token"] != nil {
			t.Errorf("without openid: %d %s", narrowed.Status, narrowed.Raw)
		}
	})
}

// TestOIDCBasic_MaxAge1And10000: oidcc-max-age-1 and oidcc-max-age-10000.
func TestOIDCBasic_MaxAge1And10000(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		r := newRP(d)
		first := r.login(t)
		page := r.open(t, r.params("max_age", "10000"))
		if signsIn(page) {
			t.Error("a session that is young enough must sign in")
		}
		if a := r.exchange(t, r.finish(t, page).Get("code")); a.number("auth_time") != first.number("auth_time") {
			t.Errorf("auth_time was %d, and is %d", first.number("auth_time"), a.number("auth_time"))
		}
		for time.Now().Unix() < first.number("auth_time")+2 { // the suite waits so too
			time.Sleep(100 * time.Millisecond)
		}
		page = r.open(t, r.params("max_age", "1"))
		if !signsIn(page) {
			t.Fatalf("max_age=1 leads to %s", page.URL)
		}
		a := r.exchange(t, r.finish(t, page).Get("code"))
		if a.number("auth_time") <= first.number("auth_time") {
			t.Errorf("auth_time was %d, and is %d", first.number("auth_time"), a.number("auth_time"))
		}
	})
}
