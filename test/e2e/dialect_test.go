package e2e

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// failureRow is a failure of docs/wire-contract.md §4 with a request that causes it.
type failureRow struct {
	name   string
	change map[string]any

	status        int
	code, message string

	formStatus int
	formError  string
}

// failureRows returns the failures that a single request can cause. %CODE% and %REFRESH% stand for
// valid ones.
func failureRows() []failureRow {
	code := func(change map[string]any) map[string]any { return harness.CodeRequest("%CODE%", change) }
	refresh := func(change map[string]any) map[string]any { return harness.RefreshRequest("%REFRESH%", change) }
	return []failureRow{
		{"grant_type missing", code(map[string]any{"grant_type": nil}), 400, "invalid_request", "", 400, "invalid_request"},
		{"code missing", code(map[string]any{"code": nil}), 400, "invalid_request", "", 400, "invalid_request"},
		{"client_id missing", code(map[string]any{"client_id": nil, "client_secret": nil}), 400, "invalid_request", "", 400, "invalid_request"},
		{"refresh_token missing", refresh(map[string]any{"refresh_token": ""}), 400, "invalid_request", "", 400, "invalid_request"},
		{"grant not supported", code(map[string]any{"grant_type": "password"}), 400, "unsupported_grant_type", "", 400, "unsupported_grant_type"},
		{"more scope than granted", refresh(map[string]any{"scope": "export:write"}), 400, "invalid_scope", "", 400, "invalid_scope"},
		{"unknown client", code(map[string]any{"client_id": "vdo_client_nope"}), 401, "authentication_error", expect.BadClient, 401, "invalid_client"},
		{"wrong secret", code(map[string]any{"client_secret": "nope"}), 401, "authentication_error", expect.BadClient, 401, "invalid_client"},
		{"missing secret", code(map[string]any{"client_secret": nil}), 401, "authentication_error", expect.BadClient, 401, "invalid_client"},
		{"unknown code", code(map[string]any{"code": "nope"}), 401, "authentication_error", expect.BadCode, 400, "invalid_grant"},
		{"other redirect", code(map[string]any{"redirect_uri": "https://x.test/"}), 401, "authentication_error", expect.BadCode, 400, "invalid_grant"},
		{"verifier without challenge", code(map[string]any{"code_verifier": harness.NewVerifier()}), 401, "authentication_error", expect.BadVerifier, 400, "invalid_grant"},
		{"unknown refresh token", refresh(map[string]any{"refresh_token": "vdo_ort_nope"}), 401, "authentication_error", expect.BadRefresh, 400, "invalid_grant"},
		{
			"client without grants", refresh(map[string]any{"client_id": harness.ResourceID, "client_secret": harness.ResourcePW}),
			400, "unauthorized_client", "", 400, "unauthorized_client",
		},
	}
}

// TestWire4_EveryFailureRowInBothDialects sends each request in both dialects, then shows that none
// of them consumed anything.
func TestWire4_EveryFailureRowInBothDialects(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		code, err := b.Approve(harness.Request{})
		expect.NoError(t, err)
		fill := strings.NewReplacer("%CODE%", code, "%REFRESH%", tokens.Refresh)
		for _, r := range failureRows() {
			body, form := map[string]any{}, url.Values{}
			for k, v := range r.change {
				text, _ := v.(string)
				body[k] = fill.Replace(text)
				form.Set(k, fill.Replace(text))
			}
			a, err := d.JSON("/oauth/token", body)
			expect.NoError(t, err)
			if a.Status != r.status || a.Code() != r.code || r.message != "" && a.Message() != r.message || len(a.Body) != 1 {
				t.Errorf("%s, documented dialect: %d %s", r.name, a.Status, a.Raw)
			}
			expect.NoStore(t, a)
			a, err = d.Form("/oauth/token", form)
			expect.NoError(t, err)
			if a.Status != r.formStatus || a.Text("error") != r.formError || a.Text("error_description") == "" || len(a.Body) != 2 {
				t.Errorf("%s, RFC 6749 dialect: %d %s", r.name, a.Status, a.Raw)
			}
			expect.NoStore(t, a)
		}
		a, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
		a, err = d.Refresh(tokens.Refresh)
		expect.NoError(t, err)
		expect.Tokens(t, a, harness.FullScope)
	})
}

// TestCase57_NoOtherGrantExists: a grant type that the client does not have is refused, and the
// endpoints of others do not exist.
func TestCase57_NoOtherGrantExists(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, grant := range []any{
			"client_credentials", "password", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
			"urn:ietf:params:oauth:grant-type:jwt-bearer", "implicit", "Refresh_Token", "", nil,
			[]string{"refresh_token"},
			1,
		} {
			a, err := d.JSON("/oauth/token", harness.CodeRequest("x", map[string]any{"grant_type": grant, "username": "a", "password": "b"}))
			expect.NoError(t, err)
			expect.Equal(t, "status", a.Status, http.StatusBadRequest)
		}
		for _, path := range []string{"/oauth/ciba", "/oauth/token/"} {
			a, err := d.JSON(path, map[string]any{})
			expect.NoError(t, err)
			if a.Status != http.StatusNotFound || a.Code() != "not_found" {
				t.Errorf("%s: %d %s", path, a.Status, a.Raw)
			}
		}
	})
}

// TestRFC6749_2_3_OneClientAuthenticationMethod: docs/security-cases.md 58; two methods never
// succeed, and the code is not consumed.
func TestRFC6749_2_3_OneClientAuthenticationMethod(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		code, err := d.NewBrowser().Approve(harness.Request{})
		expect.NoError(t, err)
		good := base64.StdEncoding.EncodeToString([]byte(harness.ConfidentialID + ":" + harness.ConfidentialPW))
		wrong := base64.StdEncoding.EncodeToString([]byte(harness.ConfidentialID + ":nope"))
		noSecret := map[string]any{"client_secret": nil}
		for name, c := range map[string]struct {
			headers []string
			change  map[string]any
		}{
			"Basic and the body":        {[]string{"Basic " + good}, nil},
			"Basic and another's id":    {[]string{"Basic " + good}, map[string]any{"client_id": harness.PublicID, "client_secret": nil}},
			"wrong Basic, right body":   {[]string{"Basic " + wrong}, nil},
			"right Basic, wrong body":   {[]string{"Basic " + good}, map[string]any{"client_secret": "nope"}},
			"two Authorization headers": {[]string{"Basic " + good, "Basic " + good}, noSecret},
			"Basic and Bearer":          {[]string{"Basic " + good, "Bearer x"}, noSecret},
			"Basic and an assertion":    {[]string{"Basic " + good}, map[string]any{"client_secret": nil, "client_assertion": "eyJ"}},
			"body and an assertion":     {nil, map[string]any{"client_assertion": "eyJ"}},
		} {
			a := sendForm(t, d, harness.CodeRequest(code, c.change), c.headers...)
			if a.Status != http.StatusBadRequest && a.Status != http.StatusUnauthorized {
				t.Errorf("%s: %d %s", name, a.Status, a.Raw)
			}
		}
		a := sendForm(t, d, harness.CodeRequest(code, noSecret), "basic "+good)
		expect.Tokens(t, a, harness.FullScope)
	})
}

// sendForm posts a request's members as a form with the given Authorization headers.
func sendForm(t *testing.T, d *harness.Deployment, members map[string]any, headers ...string) harness.Response {
	t.Helper()
	form := url.Values{}
	for k, v := range members {
		if s, ok := v.(string); ok {
			form.Set(k, s)
		}
	}
	req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/token", strings.NewReader(form.Encode()))
	expect.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, h := range headers {
		req.Header.Add("Authorization", h)
	}
	a, err := harness.Send(req)
	expect.NoError(t, err)
	return a
}

// TestCase59_BasicIsDecodedAndChallenged: credentials may be form-encoded or raw, the scheme in any
// case; a malformed header returns 401 with a challenge.
func TestCase59_BasicIsDecodedAndChallenged(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, header := range []string{
			"Basic !!!", "Basic", "Basic " + base64.StdEncoding.EncodeToString([]byte("no colon")), "Basic " + strings.Repeat("QUFB", 4000),
			"basic " + base64.StdEncoding.EncodeToString([]byte("a:b:c")), "Basic " + base64.StdEncoding.EncodeToString([]byte("%zz:%zz")),
			"Basic " + base64.StdEncoding.EncodeToString([]byte("\xff\xfe:\xff")),
		} {
			a := sendForm(t, d, harness.RefreshRequest("vdo_ort_x", map[string]any{"client_id": nil, "client_secret": nil}), header)
			if a.Status != http.StatusUnauthorized || a.Text("error") != "invalid_client" || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic realm=") {
				t.Errorf("%.40s: %d %s, challenge %q", header, a.Status, a.Raw, a.Header.Get("WWW-Authenticate"))
			}
		}
		a := sendForm(t, d, harness.RefreshRequest("vdo_ort_x", map[string]any{"client_secret": "nope"}))
		expect.Equal(t, "a challenge where Basic was not tried", a.Header.Get("WWW-Authenticate"), "")
	})
}

// TestCase61_JSONIsReadStrictlyAndOneWay: an ambiguous request is refused.
func TestCase61_JSONIsReadStrictlyAndOneWay(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		good := `"grant_type":"refresh_token","refresh_token":"vdo_ort_x","client_secret":"vdo_secret_xyz789"`
		post := func(contentType, body string) harness.Response {
			req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/token", strings.NewReader(body))
			expect.NoError(t, err)
			req.Header.Set("Content-Type", contentType)
			a, err := harness.Send(req)
			expect.NoError(t, err)
			return a
		}
		for name, body := range map[string]string{
			"duplicate member": `{` + good + `,"client_id":"vdo_client_abc123","client_id":"x"}`,
			"camelCase twin":   `{` + good + `,"clientId":"vdo_client_abc123"}`,
			"upper case":       `{` + good + `,"CLIENT_ID":"vdo_client_abc123"}`,
			"number":           `{` + good + `,"client_id":1}`, "bool": `{` + good + `,"client_id":true}`,
			"array": `{` + good + `,"client_id":["vdo_client_abc123"]}`, "object": `{` + good + `,"client_id":{}}`,
			"null": `{` + good + `,"client_id":null}`, "second document": `{` + good + `,"client_id":"vdo_client_abc123"}{"grant_type":"x"}`,
			"trailing": `{` + good + `,"client_id":"vdo_client_abc123"} x`, "top-level array": `[]`, "top-level null": `null`,
			"top-level string": `"x"`, "byte order mark": "\ufeff{" + good + `,"client_id":"vdo_client_abc123"}`,
			"comment":   `{/* */` + good + `,"client_id":"vdo_client_abc123"}`,
			"surrogate": `{` + good + `,"client_id":"\ud800"}`, "invalid UTF-8": `{` + good + `,"client_id":"` + "\xff" + `"}`,
			"NUL": `{` + good + `,"client_id":"vdo_client_abc123\u0000"}`, "empty": ``, "empty object": `{}`,
		} {
			a := post("application/json", body)
			if a.Status != http.StatusBadRequest || a.Code() != "invalid_request" {
				t.Errorf("%s: %d %s", name, a.Status, a.Raw)
			}
		}
		a := post("Application/JSON; Charset=UTF-8", `{`+good+`,"client_id":"vdo_client_abc123","unknown":{"x":[1]}}`)
		expect.Failure(t, a, http.StatusUnauthorized, "authentication_error", expect.BadRefresh)
		for _, form := range []string{"grant_type=refresh_token&grant_type=refresh_token", "grant_type=%zz", "a=b;c=d&grant_type=x"} {
			a := post("application/x-www-form-urlencoded", form+"&client_id=vdo_client_abc123&refresh_token=vdo_ort_x")
			if a.Status != http.StatusBadRequest || a.Text("error") == "" {
				t.Errorf("%s: %d %s", form, a.Status, a.Raw)
			}
		}
	})
}

// TestCase88_ContentTypesAreEnforced, and so are body limits and methods.
func TestCase88_ContentTypesAreEnforced(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, path := range []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect"} {
			for _, ct := range []string{"text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/xml", "application/grpc"} {
				req, err := http.NewRequest(http.MethodPost, d.PublicURL+path, strings.NewReader(`{"token":"x"}`))
				expect.NoError(t, err)
				req.Header["Content-Type"] = []string{ct}
				a, err := harness.Send(req)
				expect.NoError(t, err)
				if a.Status != http.StatusUnsupportedMediaType || a.Code() == "" || a.Body["error"] == a.Code() {
					t.Errorf("%s as %q: %d %s, want 415 in the documented shape", path, ct, a.Status, a.Raw)
				}
			}
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch} {
				req, err := http.NewRequest(method, d.PublicURL+path+"?token=x", nil)
				expect.NoError(t, err)
				a, err := harness.Send(req)
				expect.NoError(t, err)
				if a.Status != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "POST" {
					t.Errorf("%s %s: %d, Allow %q", method, path, a.Status, a.Header.Get("Allow"))
				}
			}
			for _, ct := range []string{"application/json", "application/x-www-form-urlencoded"} {
				req, err := http.NewRequest(http.MethodPost, d.PublicURL+path, strings.NewReader(`{"token":"`+strings.Repeat("x", 70_000)+`"}`))
				expect.NoError(t, err)
				req.Header.Set("Content-Type", ct)
				a, err := harness.Send(req)
				expect.NoError(t, err)
				if a.Status != http.StatusRequestEntityTooLarge || a.Code() != "invalid_request" {
					t.Errorf("%s with 70 kB of %s: %d %s", path, ct, a.Status, a.Raw)
				}
			}
		}
	})
}
