package proxies

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// nginx is the example in front of the API, with Usher behind it.
func nginx(t *testing.T) string {
	t.Helper()
	return startNginx(t, host(t, shared.deployment.AdminURL), host(t, shared.api.URL))
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u.Host
}

// ask sends a request to a front door, with headers as pairs whose names keep their spelling.
func ask(t *testing.T, method, address, token string, header ...string) harness.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	must(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header[header[i]] = append(req.Header[header[i]], header[i+1])
	}
	a, err := harness.Send(req)
	must(t, err)
	return a
}

// passed is what reached the API.
func passed(t *testing.T, a harness.Answer) arrived {
	t.Helper()
	var r arrived
	if err := json.Unmarshal([]byte(a.Raw), &r); err != nil || a.Status != http.StatusOK {
		t.Fatalf("answered %d %s", a.Status, a.Raw)
	}
	return r
}

// identity is everything in a request that speaks for Usher, in one line.
func identity(h http.Header) string {
	names := []string{"Usher-Subject", "Usher-Client-Id", "Usher-Workspace-Id", "Usher-Scope", "Usher-Token-Kind"}
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = strings.Join(h[name], "&")
		delete(h, name)
	}
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "usher") {
			parts = append(parts, name)
		}
	}
	return strings.Join(parts, "|")
}

// spoofed is what a client may send to be somebody else, or to have another request judged than the one that it makes.
func spoofed() []string {
	return []string{
		"Usher-Subject", "usr_root", "usher_subject", "usr_root", "Usher_Subject", "usr_root", "usher-Client-id", "spoofed",
		"Usher-Workspace-Id", "ws_doe", "Usher-Scope", "everything", "Usher-Token-Kind", "root", "Usher-Denial-Body", "{}",
		"X-Original-URI", "/v1/usage", "X-Original-Method", "DELETE", "X-Forwarded-Uri", "/v1/usage", "X-Forwarded-Method", "DELETE",
		"X-HTTP-Method-Override", "DELETE", "X-Original-URL", "/v1/usage", "X-Rewrite-URL", "/v1/usage",
		"Connection", "Usher-Subject, Usher-Workspace-Id, Authorization",
	}
}

func TestNginxPassesOnWhatATokenOpensInItsOwnName(t *testing.T) {
	door := nginx(t)
	key := apiKey(t)
	for token, want := range map[string]string{
		issue(t, "videos:read jobs:read"): "usr_*|vdo_client_abc123|ws_acme|videos:read jobs:read|access_token",
		key:                               "key_*||ws_acme||api_key",
	} {
		r := passed(t, ask(t, "GET", door+"/v1/videos?page=2&next=%2Fv1%2F..", token, spoofed()...))
		got := identity(r.Header)
		first, rest, _ := strings.Cut(want, "*")
		if !strings.HasPrefix(got, first) || !strings.HasSuffix(got, rest) || strings.Contains(got, "root") {
			t.Errorf("passed on in the name of %s, want %s", got, want)
		}
		if r.Method != "GET" || r.URI != "/v1/videos?page=2&next=%2Fv1%2F.." {
			t.Errorf("passed on as %s %s", r.Method, r.URI)
		}
		for _, name := range []string{
			"Authorization", "Cookie", "X-Original-Uri", "X-Original-Method", "X-Forwarded-Uri", "X-Forwarded-Method",
			"X-Http-Method-Override", "X-Original-Url", "X-Rewrite-Url",
		} {
			if value, ok := r.Header[name]; ok {
				t.Errorf("%s: %q reached the API", name, value)
			}
		}
	}
}

func TestNginxPassesBodiesAndAnswersOnAsTheyAre(t *testing.T) {
	door, token := nginx(t), issue(t, "analyze:write videos:read")
	body := strings.Repeat("frame ", 100_000)
	req, err := http.NewRequestWithContext(t.Context(), "POST", door+"/v1/videos/vid_1/analyze", strings.NewReader(body))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	a, err := harness.Send(req)
	must(t, err)
	if r := passed(t, a); r.Body != body || r.Method != "POST" {
		t.Errorf("a body of %d bytes arrived as %d with %s", len(body), len(r.Body), r.Method)
	}
	// The API's own 403 is not one of Usher's.
	if a := ask(t, "GET", door+"/v1/videos?teapot", token); a.Status != http.StatusForbidden || a.Text("URI") != "/v1/videos?teapot" {
		t.Errorf("the API's own refusal became %d %s", a.Status, a.Raw)
	}
}

// denial is the documented answer.
func denial(code, message string) string {
	return `{"error":{"code":"` + code + `","message":"` + message + `"}}`
}

// refuses holds a denial to its documented form: status, body, challenge, and that nothing reached the API.
func refuses(t *testing.T, a harness.Answer, status int, body, challenge string) {
	t.Helper()
	h := a.Header
	if a.Status != status || strings.TrimSpace(a.Raw) != body || strings.Join(h["Www-Authenticate"], "&") != challenge {
		t.Errorf("answered %d %s, challenge %q; want %d %s, challenge %q", a.Status, a.Raw, h["Www-Authenticate"], status, body, challenge)
	}
	if h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("answered %d with %v", a.Status, h)
	}
	for name := range h {
		if strings.HasPrefix(name, "Usher") {
			t.Errorf("%s reached the client", name)
		}
	}
}

func TestNginxTellsTheDocumentedDenial(t *testing.T) {
	door := nginx(t)
	videos, revoked := issue(t, "videos:read analyze:write"), issue(t, "videos:read")
	passed(t, ask(t, "GET", door+"/v1/videos", revoked))
	_, err := shared.deployment.JSON("/oauth/revoke", map[string]any{"token": revoked})
	must(t, err)
	before := shared.api.reached.Load()
	missing := denial("authentication_error", "Missing access token or API key")
	invalid := denial("authentication_error", "Invalid or expired access token")
	unknown := denial("not_found", "There is no such endpoint")
	scope := denial("insufficient_scope", `This action requires the \"export:write\" scope. Your token has: videos:read, analyze:write`)
	for _, row := range []struct {
		method, path, token string
		status              int
		body, challenge     string
	}{
		{"GET", "/v1/videos", "", 401, missing, "Bearer"},
		{"GET", "/v1/videos?access_token=" + videos, "", 401, missing, "Bearer"},
		{"GET", "/v1/videos", "vdo_oat_nothing", 401, invalid, `Bearer error="invalid_token"`},
		{"GET", "/v1/videos", "vdo_live_example", 401, invalid, `Bearer error="invalid_token"`},
		{"GET", "/v1/videos", revoked, 401, invalid, `Bearer error="invalid_token"`},
		{"GET", "/", "", 401, missing, "Bearer"},
		{"POST", "/v1/videos/vid_1/export", videos, 403, scope, `Bearer error="insufficient_scope", scope="export:write"`},
		{"GET", "/v1/nothing", videos, 404, unknown, ""},
		{"GET", "/", videos, 404, unknown, ""},
		{"DELETE", "/v1/videos", videos, 404, unknown, ""},
	} {
		path, _, _ := strings.Cut(row.path, "?")
		t.Run(row.method+" "+path, func(t *testing.T) {
			refuses(t, ask(t, row.method, door+row.path, row.token, spoofed()...), row.status, row.body, row.challenge)
		})
	}
	if n := shared.api.reached.Load() - before; n != 0 {
		t.Errorf("%d of the denied requests reached the API", n)
	}
}

// TestNginxJudgesThePathAsItStands: nginx reads a cleaned path, the API may read another, and Usher is asked about neither but
// about the request line.
func TestNginxJudgesThePathAsItStands(t *testing.T) {
	door, token := nginx(t), issue(t, "videos:read jobs:read analyze:write")
	before := shared.api.reached.Load()
	for _, path := range []string{
		"//v1/videos", "/v1//videos", "/v1/videos/", "/v1/./videos", "/v1/x/../videos", "/v1/%76ideos", "/v1/Videos", "/v1/videos;a=b",
		"/v1/jobs/a%2fb", "/v1/jobs/%2e%2e%2fusage", "/v1/jobs/%2e%2e", "/v1/jobs/a%5cb", "/v1/jobs/..;/usage", "/v1%2fvideos",
		"/usher-forward-auth/", "/x/../v1/videos",
	} {
		refuses(t, ask(t, "GET", door+path, token), http.StatusNotFound, denial("not_found", "There is no such endpoint"), "")
	}
	for _, path := range []string{"/usher-forward-auth", "/forward-auth/../usher-forward-auth", "/v1/jobs/a%00b"} {
		a := ask(t, "GET", door+path, token)
		if a.Status < 400 || a.Status >= 500 || a.Header.Get("Usher-Subject") != "" {
			t.Errorf("%s is answered %d %v", path, a.Status, a.Header)
		}
	}
	if n := shared.api.reached.Load() - before; n != 0 {
		t.Errorf("%d of them reached the API", n)
	}
}
