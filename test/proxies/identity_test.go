package proxies

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// marker stands in every value that a client makes up.
const marker = "forged"

// forgedNames are what a client may send to be another user, or to have another request judged than the one that it makes.
// Identities come in every spelling that CGI and its heirs read as the same name.
func forgedNames() []string {
	names := []string{
		"Usher", "Usher-Denial-Body", "Usher-Denial-Status", "X-HTTP-Method-Override", "X-HTTP_Method-Override", "X-HTTP-Method", "X-Method-Override",
		"X-Original-URI", "X-Original-URL", "X-Original-Method", "X-Original-Host", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Method",
		"X-Forwarded-Prefix", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "X-Client-IP", "Client-IP",
		"True-Client-IP", "X-Cluster-Client-IP", "Proxy", "Cookie",
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

func forged() []string {
	var pairs []string
	for _, name := range forgedNames() {
		pairs = append(pairs, name, marker)
	}
	// What Connection lists is not to be left out.
	return append(pairs, "Connection", "Usher-Subject, Usher-Workspace-Id, Usher-Token-Kind")
}

// asCGI is how CGI and its heirs name a header.
func asCGI(name string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
}

// identity is everything in a request that speaks for Usher, as CGI reads it, but the id of the question, which Traefik passes on.
func identity(h http.Header) map[string]string {
	all := map[string]string{}
	for name, values := range h {
		if cgi := asCGI(name); strings.HasPrefix(cgi, "USHER") && cgi != "USHER_REQUEST_ID" {
			all[cgi] += strings.Join(values, "&")
		}
	}
	return all
}

// TestFault_F3_OnlyUsherSaysInWhoseNameARequestComes, for a token and for an API key, which has no client and no scope.
func TestFault_F3_OnlyUsherSaysInWhoseNameARequestComes(t *testing.T) {
	t.Parallel()
	token, key := issue(t, "videos:read jobs:read"), apiKey(t)
	atEachDoor(t, func(t *testing.T, _ proxy, door *running) {
		for credential, want := range map[string]map[string]string{
			token: {
				"USHER_SUBJECT": "usr_", "USHER_CLIENT_ID": "vdo_client_abc123", "USHER_WORKSPACE_ID": "ws_acme",
				"USHER_SCOPE": "videos:read jobs:read", "USHER_TOKEN_KIND": "access_token",
			},
			key: {"USHER_SUBJECT": "key_", "USHER_WORKSPACE_ID": "ws_acme", "USHER_TOKEN_KIND": "api_key"},
		} {
			got := identity(passed(t, ask(t, "GET", door.url+"/v1/videos", credential, forged()...)).Header)
			for name, value := range want {
				if got[name] != value && (name != "USHER_SUBJECT" || !strings.HasPrefix(got[name], value)) {
					t.Errorf("%s is %q, want %s", name, got[name], value)
				}
			}
			if len(got) != len(want) {
				t.Errorf("passed on in the name of %v", got)
			}
		}
	})
}

// TestFault_F11_OneListOfNamesAtEveryDoor: no name of it passes, and README.md says what a proxy cannot take off.
func TestFault_F11_OneListOfNamesAtEveryDoor(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	atEachDoor(t, func(t *testing.T, p proxy, door *running) {
		for _, more := range []string{"Usher-Anything", "usher-else"} {
			r := passed(t, ask(t, "GET", door.url+"/v1/videos?page=2&next=%2Fv1%2F..", token, append(forged(), more, marker)...))
			for name, values := range r.Header {
				if strings.Contains(strings.Join(values, " "), marker) != slices.Contains(p.passes, name) {
					t.Errorf("%s: %q reached the API; what cannot be taken off is %v", name, values, p.passes)
				}
			}
			for _, name := range []string{"Authorization", "Cookie", "Upgrade"} {
				if value, ok := r.Header[name]; ok {
					t.Errorf("%s: %q reached the API", name, value)
				}
			}
			if r.Method != "GET" || r.URI != "/v1/videos?page=2&next=%2Fv1%2F.." || r.Host != host(t, door.url) {
				t.Errorf("passed on as %s %s of %s", r.Method, r.URI, r.Host)
			}
			// One address; Envoy has its own in the place of a loopback address.
			if from := r.Header.Get("X-Forwarded-For"); net.ParseIP(from) == nil || r.Header.Get("X-Forwarded-Proto") != "http" {
				t.Errorf("it comes from %s by %s", from, r.Header.Get("X-Forwarded-Proto"))
			}
		}
	})
}

// TestFault_F11_NoDoorSwitchesToAnotherProtocol, which nobody would judge: the API gets the request without the wish, or the door
// refuses it.
func TestFault_F11_NoDoorSwitchesToAnotherProtocol(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	atEachDoor(t, func(t *testing.T, p proxy, door *running) {
		for _, protocol := range []string{"websocket", "h2c"} {
			a := ask(t, "GET", door.url+"/v1/videos", token, "Connection", "Upgrade", "Upgrade", protocol,
				"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
			if p.refusesUpgrade && a.Status == http.StatusForbidden && door.api.got(t.Name()) == 0 {
				continue
			}
			if r := passed(t, a); r.Header.Get("Upgrade")+r.Header.Get("Connection") != "" {
				t.Errorf("%s: the API is asked to switch: %v", protocol, r.Header)
			}
		}
	})
}

// TestFault_F10_EachDoorsDenialIsTheDocumentedOneAndABrowserMayReadIt as that of /v1 may be read.
func TestFault_F10_EachDoorsDenialIsTheDocumentedOneAndABrowserMayReadIt(t *testing.T) {
	t.Parallel()
	videos, revoked := issue(t, "videos:read analyze:write"), issue(t, "videos:read")
	_, err := shared.deployment.JSON("/oauth/revoke", map[string]any{"token": revoked})
	must(t, err)
	missing := denial("authentication_error", "Missing access token or API key")
	invalid := denial("authentication_error", "Invalid or expired access token")
	unknown := denial("not_found", "There is no such endpoint")
	scope := denial("insufficient_scope", `This action requires the \"export:write\" scope. Your token has: videos:read, analyze:write`)
	rows := []struct {
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
		{"OPTIONS", "/v1/videos", "", 401, missing, "Bearer"},
		{"POST", "/v1/videos/vid_1/export", videos, 403, scope, `Bearer error="insufficient_scope", scope="export:write"`},
		{"GET", "/v1/nothing", videos, 404, unknown, ""},
		{"GET", "/", videos, 404, unknown, ""},
		{"DELETE", "/v1/videos", videos, 404, unknown, ""},
	}
	atEachDoor(t, func(t *testing.T, _ proxy, door *running) {
		for _, row := range rows {
			a := ask(t, row.method, door.url+row.path, row.token, append(forged(), "Origin", "https://app.example.com")...)
			refuses(t, a, row.status, row.body, row.challenge)
			if got := strings.Join(a.Header["Access-Control-Expose-Headers"], "&"); got != "Retry-After, WWW-Authenticate" {
				t.Errorf("%d: a program in a browser may read %q", row.status, got)
			}
		}
		if n := door.api.got(t.Name()); n != 0 {
			t.Errorf("%d of the denied requests reached the API", n)
		}
		// What the API answers is its own, CORS and refusals included.
		a := ask(t, "GET", door.url+"/v1/videos?status=403", videos)
		if got := a.Header.Get("Access-Control-Allow-Origin"); a.Status != http.StatusForbidden || got != "https://only.example.com" {
			t.Errorf("the API's own refusal became %d, CORS %q: %s", a.Status, got, a.Raw)
		}
	})
}

// TestFault_F10_ABrowsersPreflightIsAnsweredBeforeTheQuestion, since it carries no token, and nothing reaches the API.
func TestFault_F10_ABrowsersPreflightIsAnsweredBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	atEachDoor(t, func(t *testing.T, _ proxy, door *running) {
		a := ask(t, "OPTIONS", door.url+"/v1/videos/vid_1/export", "", "Origin", "https://app.example.com",
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,traceparent")
		h := a.Header
		allowed := strings.ToLower(h.Get("Access-Control-Allow-Headers"))
		if a.Status/100 != 2 || h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") ||
			!strings.Contains(allowed, "authorization") || !strings.Contains(allowed, "traceparent") && !strings.Contains(allowed, "*") ||
			h.Get("Access-Control-Max-Age") != "600" || a.Raw != "" {
			t.Errorf("answered %d %v %s", a.Status, h, a.Raw)
		}
		if n := door.api.got(t.Name()); n != 0 {
			t.Error("it reached the API")
		}
	})
}
