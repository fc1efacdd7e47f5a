package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/gateway"
)

const (
	noScope  = `This action requires the "export:write" scope. Your token has: videos:read, analyze:write`
	noToken  = "Missing access token or API key"
	badToken = "Invalid or expired access token"
	noPath   = "There is no such endpoint"
	noPlan   = "The workspace's plan does not include this action"
	down     = "The service is temporarily unavailable, try again shortly"

	metadataURL       = "https://login.test/.well-known/oauth-protected-resource/v1"
	noTokenChallenge  = `Bearer scope="videos:read", resource_metadata="` + metadataURL + `"`
	badTokenChallenge = `Bearer error="invalid_token", scope="videos:read", resource_metadata="` + metadataURL + `", error_description="` + badToken + `"`
	noScopeChallenge  = `Bearer error="insufficient_scope", scope="export:write videos:read analyze:write", ` +
		`resource_metadata="` + metadataURL + `", ` +
		`error_description="This action requires the 'export:write' scope. Your token has: videos:read, analyze:write"`
)

func TestWireContract6_EachRequestGetsItsDocumentedResponse(t *testing.T) {
	u := newUpstream(t, nil)
	p := newBrowser(t, withUpstream(u))
	for _, row := range []struct {
		method, target, token string
		status                int
		challenge, body       string
	}{
		{"GET", "/v1/videos", "", 401, noTokenChallenge, documented("authentication_error", noToken)},
		{"GET", "/v1/videos", unknown, 401, badTokenChallenge, documented("authentication_error", badToken)},
		{"GET", "/v1/videos", "two words", 401, badTokenChallenge, documented("authentication_error", badToken)},
		{"GET", "/v1/nowhere", unknown, 401, `Bearer error="invalid_token", resource_metadata="` + metadataURL + `", error_description="` + badToken + `"`, documented("authentication_error", badToken)},
		{"GET", "/v1/nowhere", "", 401, `Bearer resource_metadata="` + metadataURL + `"`, documented("authentication_error", noToken)},
		{"GET", "/v1/nowhere", allScopes, 404, "", documented("not_found", noPath)},
		{"GET", "/v1", allScopes, 404, "", documented("not_found", noPath)},
		{"HEAD", "/v1/videos", allScopes, 404, "", documented("not_found", noPath)},
		{"PURGE", "/v1/videos", apiKey, 404, "", documented("not_found", noPath)},
		{"OPTIONS", "/v1/videos", apiKey, 404, "", documented("not_found", noPath)},
		{"POST", "/v1/videos/1/export", twoScopes, 403, noScopeChallenge, documented("insufficient_scope", noScope)},
		{"POST", "/v1/videos/1/export", freePlan, 403, "", documented("plan_restricted", noPlan)},
		{"POST", "/v1/videos/1/export", apiKey, 200, "", `{"data":[]}`},
		{"POST", "/v1/videos/1/export", allScopes, 200, "", `{"data":[]}`},
		{"GET", "/v1/videos", twoScopes, 200, "", `{"data":[]}`},
		{"GET", "/v1/videos", brokenDep, 503, "", documented("unavailable", down)},
	} {
		name := row.method + " " + row.target + " with " + row.token
		w := p.api(row.method, row.target, row.token)
		if w.Code != row.status || w.Body.String() != row.body || w.Header().Get("WWW-Authenticate") != row.challenge {
			t.Errorf("%s: %d %q %s", name, w.Code, w.Header().Get("WWW-Authenticate"), w.Body)
		}
		if passed := len(u.take()) == 1; passed != (row.status == 200) {
			t.Errorf("%s: forwarded: %t", name, passed)
		}
		if row.status != 200 && (w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json") {
			t.Errorf("%s: the headers are %v", name, w.Header())
		}
		if (w.Header().Get("Retry-After") != "") != (row.status == 503) || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: the headers are %v", name, w.Header())
		}
		if strings.Contains(w.Body.String(), "sentinel") || row.token != "" && strings.Contains(p.logs.String(), row.token) {
			t.Errorf("%s: internal text is shown, or the token is logged", name)
		}
	}
}

func TestRFC9700_4_3_2_TheTokenIsReadFromOneAuthorizationHeaderOnly(t *testing.T) {
	u := newUpstream(t, nil)
	p := newBrowser(t, withUpstream(u))
	for name, header := range map[string][]string{
		"two headers":      {"Authorization", "Bearer " + apiKey, "Authorization", "Bearer " + allScopes},
		"the same twice":   {"Authorization", "Bearer " + allScopes, "Authorization", "Bearer " + allScopes},
		"two in one":       {"Authorization", "Bearer " + apiKey + ", Bearer " + allScopes},
		"another scheme":   {"Authorization", "Basic " + allScopes},
		"no scheme":        {"Authorization", allScopes},
		"a key's header":   {"X-Api-Key", apiKey},
		"another header":   {"X-Access-Token", allScopes},
		"a proxy's header": {"Proxy-Authorization", "Bearer " + allScopes},
		"a cookie":         {"Cookie", "access_token=" + allScopes},
		"a subprotocol":    {"Sec-Websocket-Protocol", allScopes},
	} {
		if w := p.api("GET", "/v1/videos", "", header...); w.Code != 401 {
			t.Errorf("%s responds %d", name, w.Code)
		}
	}
	if w := p.api("GET", "/v1/videos?access_token="+allScopes, ""); w.Code != 401 {
		t.Errorf("a query responds %d", w.Code)
	}
	r := httptest.NewRequest("POST", "https://login.test/v1/videos/upload", strings.NewReader(url.Values{"access_token": {allScopes}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w := p.send(r); w.Code != 401 {
		t.Errorf("a form responds %d", w.Code)
	}
	if got := u.take(); len(got) > 0 {
		t.Errorf("%d requests were forwarded", len(got))
	}
	if w := p.api("GET", "/v1/videos", "", "Authorization", "bEARER  "+allScopes, "Connection", "close, Authorization"); w.Code != 200 {
		t.Errorf("the scheme in another case, and listed as a hop's, responds %d", w.Code)
	}
}

// spoofed returns headers that a client may forge to impersonate another identity.
func spoofed() []string {
	names := []string{
		"Usher-Subject", "Usher-Client-Id", "Usher-Workspace-Id", "Usher-Scope", "Usher-Token-Kind", "Usher-Anything", "Usher-",
		"Usher_Subject", "usher_subject", "USHER_SUBJECT", "Usher-Workspace_Id", "usher-workspace-id", "Usher.Scope", "uSHER-sCOPE",
		"Cookie", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-User", "X_Forwarded_For",
		"X-Real-Ip", "X-Http-Method-Override", "X-Original-Url", "X-Rewrite-Url", "Proxy", "Proxy-Authorization", "Dpop",
	}
	var header []string
	for _, name := range names {
		header = append(header, name, "sentinel")
	}
	return header
}

func TestOnlyTheVerifiedIdentityIsForwarded(t *testing.T) {
	u := newUpstream(t, nil)
	p := newBrowser(t, withUpstream(u), func(d *gateway.Deps) { d.PublicURL = "https://login.test" })
	for token, want := range map[string]map[string]string{
		twoScopes: {
			"Usher-Subject": "usr_1", "Usher-Client-Id": "app_1", "Usher-Workspace-Id": "ws_1",
			"Usher-Scope": "videos:read analyze:write", "Usher-Token-Kind": "access_token",
		},
		apiKey: {"Usher-Subject": "key_1", "Usher-Workspace-Id": "ws_1", "Usher-Token-Kind": "api_key"},
	} {
		for name, more := range map[string][]string{
			"plain": nil, "spoofed": spoofed(),
			"listed": append(spoofed(), "Connection", "Usher-Subject, Usher-Scope, Usher-Workspace-Id, X-Forwarded-For, Authorization"),
		} {
			p.api("GET", "/v1/videos?limit=2", token, append(more, "X-Request-Id", "kept")...)
			got := u.take()
			if len(got) != 1 {
				t.Fatalf("%s: %d requests arrived", name, len(got))
			}
			h := got[0].Header
			for header, values := range h {
				if strings.Contains(strings.Join(values, " "), "sentinel") || strings.HasPrefix(strings.ToLower(header), "usher") && want[header] == "" {
					t.Errorf("%s: %s: %q went upstream", name, header, values)
				}
			}
			for header, value := range want {
				if len(h[header]) != 1 || h.Get(header) != value {
					t.Errorf("%s: %s is %q, want %q", name, header, h[header], value)
				}
			}
			if h.Get("Authorization") != "" || h.Get("X-Request-Id") != "kept" || got[0].Host != strings.TrimPrefix(u.URL, "http://") {
				t.Errorf("%s: the headers are %v at %s", name, h, got[0].Host)
			}
			if h.Get("X-Forwarded-For") != "192.0.2.1" || h.Get("X-Forwarded-Proto") != "https" || h.Get("X-Forwarded-Host") != "login.test" {
				t.Errorf("%s: the forwarding headers are %q %q %q", name, h["X-Forwarded-For"], h["X-Forwarded-Proto"], h["X-Forwarded-Host"])
			}
		}
	}
}

func TestTheTokenIsForwardedOnlyWhereConfigured(t *testing.T) {
	u := newUpstream(t, nil)
	config := gateway.DefaultConfig()
	config.ForwardBearer = true
	p := newBrowserWith(t, config, withUpstream(u))
	p.api("GET", "/v1/videos", "", "Authorization", "bearer   "+twoScopes, "Connection", "Authorization")
	if got := u.take(); len(got) != 1 || got[0].Header.Get("Authorization") != "Bearer "+twoScopes {
		t.Errorf("the upstream received %v", got)
	}
}

func TestWithoutAnUpstreamAnAllowedRequestIs404(t *testing.T) {
	p := newBrowser(t)
	for token, want := range map[string]int{"": 401, unknown: 401, allScopes: 404, apiKey: 404, brokenDep: 503} {
		if w := p.api("GET", "/v1/videos", token); w.Code != want {
			t.Errorf("%q: %d, want %d", token, w.Code, want)
		}
	}
	if w := p.api("POST", "/v1/videos/1/export", twoScopes); w.Code != 403 {
		t.Errorf("a scope that is missing: %d", w.Code)
	}
}

func TestAPathIsMatchedAsItWasSent(t *testing.T) {
	u := newUpstream(t, nil)
	p := newBrowser(t, withUpstream(u))
	for _, target := range []string{
		"//v1/videos", "/v1//videos", "/v1/./videos", "/v1/../v1/videos", "/x/../v1/videos", "/v1/videos/", "/v1/videos/.", "/v1/videos/..",
		"/v1/%76ideos", "/%761/videos", "/v1%2fvideos", "/v1/videos%2f1%2fanalyze", "/v1/videos;a=b", "/v1/videos%3flimit=1", "/v1/videos%00",
		"/v1/videos/..%2fusage", "/v1/videos/%2e%2e/subtitles", "/v1/videos/a%20b/subtitles", "/v1/videos/é/subtitles", `/v1/videos/"/subtitles`,
		"/v1/Videos", "/v1/oauth/token", "/v1/..", "/v1/../oauth/token", "/v1/",
	} {
		if w := p.api("GET", target, allScopes); w.Code != 404 {
			t.Errorf("%s responds %d", target, w.Code)
		}
		if w := p.api("GET", target, ""); w.Code != 401 {
			t.Errorf("%s without a token responds %d", target, w.Code)
		}
	}
	if got := u.take(); len(got) > 0 {
		t.Errorf("%d requests were forwarded, first %s", len(got), got[0].URI)
	}
	for _, target := range []string{
		"/v1/videos", "/v1/videos?", "/v1/videos?limit=1;x=2&%zz", "/v1/videos?a=/../b", "/v1/videos/a-b._~/subtitles", "/v1/jobs/process?x=%2f",
	} {
		p.api("GET", target, allScopes)
		if got := u.take(); len(got) != 1 || got[0].URI != target {
			t.Errorf("%s arrived as %v", target, got)
		}
	}
}

func FuzzTheUpstreamReceivesThePathThatWasChecked(f *testing.F) {
	for _, s := range []string{"/v1/videos", "//v1/videos", "/v1/../videos?x", "/v1/videos/%2e%2e/subtitles", "/v1/videos/1/subtitles?a=%zz"} {
		f.Add("GET", s)
	}
	u := &upstream{}
	u.Server = httptest.NewServer(u)
	f.Cleanup(u.Close)
	compiled := rules()
	var p browser
	f.Fuzz(func(t *testing.T, method, target string) {
		if p.handler == nil {
			p = newBrowser(t, withUpstream(u))
		}
		r, err := http.ReadRequest(bufioReader(method + " " + target + " HTTP/1.1\r\nHost: login.test\r\nAuthorization: Bearer " + apiKey + "\r\n\r\n"))
		if err != nil || r.Method == http.MethodConnect || r.ContentLength != 0 || len(r.Header) != 1 {
			return
		}
		r.RemoteAddr = "192.0.2.1:1"
		w := p.send(r)
		sent, _, _ := strings.Cut(r.RequestURI, "?")
		_, known := compiled.Match(r.Method, sent)
		got := u.take()
		if len(got) > 1 || len(got) == 1 && (!known || got[0].URI != r.RequestURI || got[0].Method != r.Method) {
			t.Fatalf("%s %q arrived as %v", r.Method, r.RequestURI, got)
		}
		if known && len(got) == 0 {
			t.Fatalf("%s %q is in the catalog and was not forwarded: %d", r.Method, r.RequestURI, w.Code)
		}
	})
}

func TestAClientInABrowserMayUseTheAPIWithoutCookies(t *testing.T) {
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "https://upstream.test")
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Vary", "Accept-Encoding")
		h.Set("X-Content-Type-Options", "sniff")
		h.Set("Usher-Subject", "sentinel")
		h.Set("Set-Cookie", "__Host-usher_session=sentinel")
		h.Set("Etag", `"1"`)
		w.WriteHeader(http.StatusTeapot)
		_, _ = fmt.Fprint(w, "short and stout")
	})
	p := newBrowser(t, withUpstream(u))
	w := p.api("OPTIONS", "/v1/videos", "", "Origin", "https://app.test", "Access-Control-Request-Method", "DELETE", "Access-Control-Request-Headers", "authorization,x-other")
	if w.Code >= 300 || w.Body.Len() > 0 || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Headers") == "" {
		t.Errorf("a preflight gets %d %v", w.Code, w.Header())
	}
	for name, origin := range map[string][]string{"another origin": {"Origin", "https://evil.test"}, "a sandbox": {"Origin", "null"}} {
		w := p.api("GET", "/v1/videos", allScopes, origin...)
		h := w.Header()
		if w.Code != http.StatusTeapot || w.Body.String() != "short and stout" || h.Get("Etag") != `"1"` {
			t.Errorf("%s gets %d %s", name, w.Code, w.Body)
		}
		if got := h.Values("Access-Control-Allow-Origin"); len(got) != 1 || got[0] != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: the headers are %v", name, h)
		}
		if got := strings.Join(h.Values("Vary"), ","); !strings.Contains(got, "Origin") || !strings.Contains(got, "Accept-Encoding") {
			t.Errorf("%s: Vary is %s", name, got)
		}
		if got := h.Values("X-Content-Type-Options"); len(got) != 1 || got[0] != "nosniff" || strings.Contains(fmt.Sprint(h), "sentinel") {
			t.Errorf("%s: the headers are %v", name, h)
		}
	}
	if w := p.api("GET", "/v1/videos", "", "Origin", "https://app.test"); w.Code != 401 || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("a denial cannot be read: %d %v", w.Code, w.Header())
	}
}
