package proxies

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/test/expect"
)

// marker is the value of every forged header.
const marker = "forged"

// forgedNames returns the headers with which a client might impersonate another user, or have Usher
// check another request than the one that it sends. The identity headers come in every spelling
// that CGI and its successors map to the same name.
func forgedNames() []string {
	names := []string{
		"Usher", "Usher-Denial-Body", "Usher-Denial-Status", "X-HTTP-Method-Override", "X-HTTP_Method-Override", "X-HTTP-Method", "X-Method-Override",
		"X-Original-URI", "X-Original-URL", "X-Original-Method", "X-Original-Host", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Method",
		"X-Forwarded-Prefix", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "X-Client-IP", "Client-IP",
		"True-Client-IP", "X-Cluster-Client-IP", "Proxy", "Cookie", "DPoP",
	}
	for _, name := range []string{"Usher-Subject", "Usher-Client-Id", "Usher-Workspace-Id", "Usher-Scope", "Usher-Token-Kind"} {
		names = append(names, name, strings.ToLower(name), strings.ToUpper(name), strings.Replace(name, "-", "_", 1))
		last := strings.LastIndex(name, "-")
		names = append(names, name[:last]+"_"+name[last+1:])
		for _, sign := range []string{"_", ".", "~", "!", "+", "|"} {
			names = append(names, strings.ReplaceAll(name, "-", sign))
		}
	}
	return names
}

func forgedHeaders() []string {
	var pairs []string
	for _, name := range forgedNames() {
		pairs = append(pairs, name, marker)
	}
	// A header that Connection lists must be set all the same.
	return append(pairs, "Connection", "Usher-Subject, Usher-Workspace-Id, Usher-Token-Kind")
}

// asCGI returns the name that CGI and its successors give a header.
func asCGI(name string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
}

// identity returns the identity headers of a request, by their CGI names, without the request id,
// which Traefik forwards.
func identity(h http.Header) map[string]string {
	all := map[string]string{}
	for name, values := range h {
		if cgi := asCGI(name); strings.HasPrefix(cgi, "USHER") && cgi != "USHER_REQUEST_ID" {
			all[cgi] += strings.Join(values, "&")
		}
	}
	return all
}

// TestFault_F3_OnlyUsherSetsTheIdentityHeaders, for a token and for an API key, which has no
// client and no scope.
func TestFault_F3_OnlyUsherSetsTheIdentityHeaders(t *testing.T) {
	t.Parallel()
	token, key := issue(t, "videos:read jobs:read"), apiKey(t)
	atEachProxy(t, func(t *testing.T, _ proxy, rp *running) {
		for credential, want := range map[string]map[string]string{
			token: {
				"USHER_SUBJECT": "usr_", "USHER_CLIENT_ID": "vdo_client_abc123", "USHER_WORKSPACE_ID": "ws_acme",
				"USHER_SCOPE": "videos:read jobs:read", "USHER_TOKEN_KIND": "access_token",
			},
			key: {"USHER_SUBJECT": "key_", "USHER_WORKSPACE_ID": "ws_acme", "USHER_TOKEN_KIND": "api_key"},
		} {
			got := identity(wantForwarded(t, request(t, "GET", rp.url+"/v1/videos", credential, forgedHeaders()...)).Header)
			for name, value := range want {
				if got[name] != value && (name != "USHER_SUBJECT" || !strings.HasPrefix(got[name], value)) {
					t.Errorf("%s is %q, want %s", name, got[name], value)
				}
			}
			if len(got) != len(want) {
				t.Errorf("forwarded with the identity %v", got)
			}
		}
	})
}

// TestFault_F11_OneListOfNamesAtEveryProxy: no header of the list is forwarded, except those that
// README.md lists for a proxy.
func TestFault_F11_OneListOfNamesAtEveryProxy(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	atEachProxy(t, func(t *testing.T, p proxy, rp *running) {
		for _, more := range []string{"Usher-Anything", "usher-else"} {
			r := wantForwarded(t, request(t, "GET", rp.url+"/v1/videos?page=2&next=%2Fv1%2F..", token, append(forgedHeaders(), more, marker)...))
			for name, values := range r.Header {
				if strings.Contains(strings.Join(values, " "), marker) != slices.Contains(p.passes, name) {
					t.Errorf("%s: %q reached the API; the exceptions are %v", name, values, p.passes)
				}
			}
			for _, name := range []string{"Authorization", "Cookie", "Dpop", "Upgrade"} {
				if value, ok := r.Header[name]; ok {
					t.Errorf("%s: %q reached the API", name, value)
				}
			}
			if r.Method != "GET" || r.URI != "/v1/videos?page=2&next=%2Fv1%2F.." || r.Host != host(t, rp.url) {
				t.Errorf("forwarded as %s %s of %s", r.Method, r.URI, r.Host)
			}
			// X-Forwarded-For has one address; Envoy sends its own instead of a loopback address.
			if from := r.Header.Get("X-Forwarded-For"); net.ParseIP(from) == nil || r.Header.Get("X-Forwarded-Proto") != "http" {
				t.Errorf("it is forwarded for %s by %s", from, r.Header.Get("X-Forwarded-Proto"))
			}
		}
	})
}

// TestFault_F11_NoProxySwitchesToAnotherProtocol, whose requests Usher could not check: the API
// receives the request without the Upgrade header, or the proxy refuses it.
func TestFault_F11_NoProxySwitchesToAnotherProtocol(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	atEachProxy(t, func(t *testing.T, p proxy, rp *running) {
		for _, protocol := range []string{"websocket", "h2c"} {
			a := request(t, "GET", rp.url+"/v1/videos", token, "Connection", "Upgrade", "Upgrade", protocol,
				"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
			if p.refusesUpgrade && a.Status == http.StatusForbidden && rp.api.count(t.Name()) == 0 {
				continue
			}
			if r := wantForwarded(t, a); r.Header.Get("Upgrade")+r.Header.Get("Connection") != "" {
				t.Errorf("%s: the API received the upgrade: %v", protocol, r.Header)
			}
		}
	})
}

// TestFault_F10_EachProxysDenialIsTheDocumentedOneAndABrowserMayReadIt, with the CORS headers of
// /v1.
func TestFault_F10_EachProxysDenialIsTheDocumentedOneAndABrowserMayReadIt(t *testing.T) {
	t.Parallel()
	videos, revoked := issue(t, "videos:read analyze:write"), issue(t, "videos:read")
	_, err := shared.deployment.JSON("/oauth/revoke", map[string]any{"token": revoked})
	expect.NoError(t, err)
	missing := denial("authentication_error", "Missing access token or API key")
	invalid := denial("authentication_error", "Invalid or expired access token")
	unknown := denial("not_found", "There is no such endpoint")
	scope := denial("insufficient_scope", `This action requires the \"export:write\" scope. Your token has: videos:read, analyze:write`)
	metadata := `resource_metadata="` + shared.deployment.PublicURL + `/.well-known/oauth-protected-resource/v1"`
	none, noRow := `Bearer scope="videos:read", `+metadata, "Bearer "+metadata
	dead := `Bearer error="invalid_token", scope="videos:read", ` + metadata + `, error_description="Invalid or expired access token"`
	noScope := `Bearer error="insufficient_scope", scope="export:write videos:read analyze:write", ` + metadata +
		`, error_description="This action requires the 'export:write' scope. Your token has: videos:read, analyze:write"`
	rows := []struct {
		method, path, token string
		status              int
		body, challenge     string
	}{
		{"GET", "/v1/videos", "", 401, missing, none},
		{"GET", "/v1/videos?access_token=" + videos, "", 401, missing, none},
		{"GET", "/v1/videos", "vdo_oat_nothing", 401, invalid, dead},
		{"GET", "/v1/videos", "vdo_live_example", 401, invalid, dead},
		{"GET", "/v1/videos", revoked, 401, invalid, dead},
		{"GET", "/", "", 401, missing, noRow},
		{"OPTIONS", "/v1/videos", "", 401, missing, noRow},
		{"POST", "/v1/videos/vid_1/export", videos, 403, scope, noScope},
		{"GET", "/v1/nothing", videos, 404, unknown, ""},
		{"GET", "/", videos, 404, unknown, ""},
		{"DELETE", "/v1/videos", videos, 404, unknown, ""},
	}
	atEachProxy(t, func(t *testing.T, _ proxy, rp *running) {
		for _, row := range rows {
			a := request(t, row.method, rp.url+row.path, row.token, append(forgedHeaders(), "Origin", "https://app.example.com")...)
			wantDenied(t, a, row.status, row.body, row.challenge)
			if got := strings.Join(a.Header["Access-Control-Expose-Headers"], "&"); got != enforce.ExposedHeaders {
				t.Errorf("%d: Access-Control-Expose-Headers is %q", row.status, got)
			}
		}
		if n := rp.api.count(t.Name()); n != 0 {
			t.Errorf("%d of the denied requests reached the API", n)
		}
		// The API's own response is forwarded unchanged, its CORS headers and refusals too.
		a := request(t, "GET", rp.url+"/v1/videos?status=403", videos)
		if got := a.Header.Get("Access-Control-Allow-Origin"); a.Status != http.StatusForbidden || got != "https://only.example.com" {
			t.Errorf("the API's own refusal became %d, CORS %q: %s", a.Status, got, a.Raw)
		}
	})
}

// TestFault_F10_APreflightIsAnsweredWithoutUsher: the proxy responds without Usher,
// since a preflight has no token, and does not forward it.
func TestFault_F10_APreflightIsAnsweredWithoutUsher(t *testing.T) {
	t.Parallel()
	atEachProxy(t, func(t *testing.T, _ proxy, rp *running) {
		a := request(t, "OPTIONS", rp.url+"/v1/videos/vid_1/export", "", "Origin", "https://app.example.com",
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,traceparent")
		h := a.Header
		allowed := strings.ToLower(h.Get("Access-Control-Allow-Headers"))
		if a.Status/100 != 2 || h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") ||
			!strings.Contains(allowed, "authorization") || !strings.Contains(allowed, "traceparent") && !strings.Contains(allowed, "*") ||
			h.Get("Access-Control-Max-Age") != "600" || a.Raw != "" {
			t.Errorf("returned %d %v %s", a.Status, h, a.Raw)
		}
		if n := rp.api.count(t.Name()); n != 0 {
			t.Error("it reached the API")
		}
	})
}
