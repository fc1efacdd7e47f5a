package attack

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// forgedHeaders returns the headers in which only a proxy may state a request's source.
func forgedHeaders(i int) []string {
	addr := fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&0xff, i&0xff)
	return []string{
		"X-Forwarded-For", addr + ", 127.0.0.1", "Forwarded", "for=" + addr + ";proto=https;host=evil.test", "X-Real-Ip", addr,
		"X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.test", "X-Forwarded-Prefix", "/evil", "X-Forwarded-Port", "444",
		"True-Client-Ip", addr, "Client-Ip", addr, "X-Client-Ip", addr,
	}
}

// TestCase94_AClientCannotForgeItsSourceAddress: a client that forges a new source with every
// attempt is throttled, and another source address is not.
func TestCase94_AClientCannotForgeItsSourceAddress(t *testing.T) {
	login := func(i int, from string) harness.Response {
		return send(t, httpRequest{
			Path: "/api/v1/user/authenticate", Type: typeJSON, Header: forgedHeaders(i), From: from,
			Body: fmt.Sprintf(`{"emailAddress":"nobody%d@case94.test","clientSecret":"wrong"}`, i),
		})
	}
	attempt := 0
	var last harness.Response
	expect.RateLimit{Attempts: 100, Window: 15 * time.Minute}.Exhaust(t, func() time.Duration {
		attempt++
		last = login(attempt, "127.0.94.1")
		return expect.Wait(t, last, http.StatusBadRequest)
	})
	expect.Equal(t, "name of the refusal", last.Text("name"), "TooManyRequestsException")
	expect.Equal(t, "status for another source", login(attempt+1, "127.0.94.2").Status, http.StatusBadRequest)
}

// forgedHosts returns malicious values of the Host header.
func forgedHosts() []string {
	return []string{"Host: evil.test", "Host: localhost:444", "Host: localhost, evil.test", "Host:", "Host: evil.test:80", "Host: evil@test", "Host: evil.test\r\nX-Forwarded-Host: evil.test"}
}

// TestCase96_NoResponseReflectsTheHostHeader: links, redirects, cookies, challenges and metadata
// have the configured origin, also in a new gateway's first response.
func TestCase96_NoResponseReflectsTheHostHeader(t *testing.T) {
	_, err := shared.StopOne("gateway")
	expect.NoError(t, err)
	expect.NoError(t, shared.StartOne("gateway"))
	paths := []string{
		"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource", harness.Request{}.Path(), "/oauth/authorize?client_id=x",
		"/signin", "/account/connected-apps", "/v1/videos", "/nowhere", "/", "/api/v1/user/x", "/consent", "/oauth/token",
	}
	for _, host := range forgedHosts() {
		for _, path := range paths {
			for _, target := range []string{path, "http://evil.test" + path} {
				r := exchange(t, "GET "+target+" HTTP/1.1\r\n"+host+"\r\nConnection: close\r\n\r\n")
				if r.status() == 0 || r.status() >= 500 {
					t.Errorf("GET %s with %q returned %d", target, host, r.status())
					continue
				}
				a := r.Responses[0]
				if strings.Contains(a.Raw, "evil") || strings.Contains(a.Raw, ":444") {
					t.Errorf("GET %s with %q: %s", target, host, a.Raw)
				}
				for name, values := range a.Header {
					if text := strings.Join(values, " "); strings.Contains(text, "evil") || strings.Contains(text, ":444") {
						t.Errorf("GET %s with %q: %s: %s", target, host, name, text)
					}
				}
				if path == paths[0] && a.Status == http.StatusOK && a.Text("issuer") != shared.PublicURL {
					t.Errorf("with %q the issuer is %q", host, a.Text("issuer"))
				}
			}
		}
	}
	r := exchange(t, "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
	expect.Equal(t, "status for two Host headers", r.status(), http.StatusBadRequest)
	expect.Equal(t, "end of the connection after two Host headers", r.Closed, true)
	a := send(t, httpRequest{Method: http.MethodGet, Path: paths[0]})
	expect.Equal(t, "issuer for an honest request", a.Text("issuer"), shared.PublicURL)
}

// TestCase97_AConnectionHeaderListsNothingAway: it removes neither a header that the gateway
// checks, nor one that the upstream API receives.
func TestCase97_AConnectionHeaderListsNothingAway(t *testing.T) {
	tokens := wantServing(t)
	for _, listed := range []string{"close, Authorization", "close, Usher-Subject, Usher-Scope", "close, X-Forwarded-For, Cookie, Content-Type", "Usher-Token-Kind, close"} {
		with := exchange(t, "GET /v1/videos HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+tokens.Access+"\r\nUsher-Subject: usr_evil\r\n"+
			"X_Forwarded_For: 127.0.0.1\r\nUsher_Subject: usr_evil\r\nGrpc_Metadata_X_User: usr_evil\r\nConnection: "+listed+"\r\n\r\n")
		expect.Equal(t, "status with "+listed, with.status(), http.StatusOK)
		for _, name := range []string{"Usher-Subject", "Usher-Client-Id", "Usher-Workspace-Id", "Usher-Scope", "Usher-Token-Kind", "X-Forwarded-For"} {
			if got := with.Responses[0].Header["Saw-"+name]; len(got) != 1 || strings.Contains(got[0], "evil") {
				t.Errorf("with %q the API received %s: %q", listed, name, got)
			}
		}
		for name := range with.Responses[0].Header {
			if strings.Contains(name, "_") || strings.Contains(name, "Authorization") {
				t.Errorf("with %q the API received %s", listed, name)
			}
		}
		without := exchange(t, "GET /v1/videos HTTP/1.1\r\nHost: x\r\nUsher-Subject: usr_evil\r\nConnection: "+listed+"\r\n\r\n")
		expect.Equal(t, "status without a token, with "+listed, without.status(), http.StatusUnauthorized)
	}
	for _, listed := range []string{"Authorization", "Content-Type", "Cookie"} { // wrong Basic credentials are still refused
		r := exchange(t, "POST /oauth/introspect HTTP/1.1\r\nHost: x\r\nContent-Type: "+typeForm+"\r\nConnection: close, "+listed+"\r\n"+
			"Authorization: Basic eDp5\r\nContent-Length: 7\r\n\r\ntoken=x")
		expect.Equal(t, "status of wrong Basic credentials listed in Connection: "+listed, r.status(), http.StatusUnauthorized)
	}
}

// TestCase97_AmbiguousFramingEndsTheConnection: bytes that could be parsed as two requests get one
// response.
func TestCase97_AmbiguousFramingEndsTheConnection(t *testing.T) {
	access := wantServing(t).Access
	const smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	post := "POST /oauth/revoke HTTP/1.1\r\nHost: x\r\nContent-Type: " + typeForm + "\r\n"
	good := exchange(t, post+"Content-Length: 7\r\n\r\ntoken=x"+smuggled)
	if len(good.Responses) != 2 || good.status() != http.StatusOK {
		t.Fatalf("two valid requests on one connection get %d responses, the first %d", len(good.Responses), good.status())
	}
	for name, row := range map[string]struct {
		text string
		// served reports whether the first request may be processed.
		served bool
	}{
		"two lengths":               {post + "Content-Length: 7\r\nContent-Length: 8\r\n\r\ntoken=x" + smuggled, false},
		"a list of lengths":         {post + "Content-Length: 7, 8\r\n\r\ntoken=x" + smuggled, false},
		"a signed length":           {post + "Content-Length: +7\r\n\r\ntoken=x" + smuggled, false},
		"length and chunks":         {post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ntoken=x\r\n0\r\n\r\n" + smuggled, true},
		"chunks and length":         {post + "Transfer-Encoding: chunked\r\nContent-Length: 100\r\n\r\n7\r\ntoken=x\r\n0\r\n\r\n" + smuggled, true},
		"two encodings":             {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n7\r\ntoken=x\r\n0\r\n\r\n" + smuggled, false},
		"an unknown encoding":       {post + "Transfer-Encoding: xchunked\r\n\r\n7\r\ntoken=x\r\n0\r\n\r\n" + smuggled, false},
		"an encoding with a space":  {post + "Transfer-Encoding : chunked\r\n\r\n7\r\ntoken=x\r\n0\r\n\r\n" + smuggled, false},
		"an encoding with a tab":    {post + "Transfer-Encoding:\tchunked, identity\r\n\r\n7\r\ntoken=x\r\n0\r\n\r\n" + smuggled, false},
		"a chunk with a bare LF":    {post + "Transfer-Encoding: chunked\r\n\r\n7\ntoken=x\r\n0\r\n\r\n" + smuggled, false},
		"an extension with a LF":    {post + "Transfer-Encoding: chunked\r\n\r\n7;a\ntoken=x\r\n0\r\n\r\n" + smuggled, false},
		"a wrong chunk size":        {post + "Transfer-Encoding: chunked\r\n\r\n0x7\r\ntoken=x\r\n0\r\n\r\n" + smuggled, false},
		"a credential with a space": {"GET /v1/videos HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer x\r\n\r\n" + smuggled, false},
		"chunks to the API":         {"POST /v1/videos/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + access + "\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ntoken=x\r\n0\r\n\r\n" + smuggled, true},
		"a name with a NUL":         {"GET /healthz HTTP/1.1\r\nHost: x\r\nX\x00: b\r\n\r\n" + smuggled, false},
	} {
		r := exchange(t, row.text)
		if len(r.Responses) != 1 || !r.Closed {
			t.Errorf("%s: %d responses, connection closed: %t", name, len(r.Responses), r.Closed)
		}
		if s := r.status(); !row.served && s != http.StatusBadRequest && s != http.StatusNotImplemented || s == http.StatusInternalServerError {
			t.Errorf("%s returned %d", name, s)
		}
	}
}

// TestCase97_AnExpectationIsMetOnlyWhereABodyIsWanted: a refused request gets no 100 Continue, and
// its connection is closed.
func TestCase97_AnExpectationIsMetOnlyWhereABodyIsWanted(t *testing.T) {
	r := exchange(t, "POST /oauth/revoke HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n")
	expect.Equal(t, "status of a type that is not read", r.status(), http.StatusUnsupportedMediaType)
	if len(r.Responses) != 1 || !r.Responses[0].Closed {
		t.Errorf("the announced body may be parsed as another request: %v", r)
	}
	r = exchange(t, "POST /oauth/revoke HTTP/1.1\r\nHost: x\r\nExpect: evil\r\nConnection: close\r\nContent-Length: 7\r\n\r\n")
	expect.Equal(t, "status of an unknown expectation", r.status(), http.StatusExpectationFailed)
}

// TestCase98_NoOriginIsReflectedAndNoneMayUseCookies, on any path and with any method.
func TestCase98_NoOriginIsReflectedAndNoneMayUseCookies(t *testing.T) {
	tokens := wantServing(t)
	b := shared.NewBrowser()
	expect.NoError(t, b.SignInAs(harness.JohnEmail))
	for _, origin := range []string{"https://evil.test", "null", "https://vidocu.ai.evil.test", "https://evilvidocu.ai", "http://vidocu.ai", "HTTPS://VIDOCU.AI", shared.PublicURL} {
		headersOf := func(method, path string) http.Header {
			return send(t, httpRequest{
				Method: method, Path: path, From: "127.0.98.1",
				Header: []string{"Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization", "Cookie", b.Cookies(), "Authorization", "Bearer " + tokens.Access},
			}).Header
		}
		for _, path := range []string{harness.Request{}.Path(), "/signin", "/consent", "/account/connected-apps", "/consent/decision", "/signout", "/"} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
				for name := range headersOf(method, path) {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s for %s: %s", method, path, origin, name)
					}
				}
			}
		}
		for _, path := range []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect", "/v1/videos", "/v1/nowhere", "/api/v1/user/authenticate", "/api/v1/user/logout", "/api/v1/user/x", "/.well-known/oauth-authorization-server"} {
			for _, method := range []string{http.MethodOptions, http.MethodPost, http.MethodGet} {
				h := headersOf(method, path)
				if allowed := h.Get("Access-Control-Allow-Origin"); allowed != "*" && allowed != "" || h.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s %s for %s: %v", method, path, origin, h)
				}
				if h.Get("Access-Control-Allow-Origin") != "" && !strings.Contains(strings.Join(h["Vary"], ","), "Origin") {
					t.Errorf("%s %s for %s varies by %q", method, path, origin, h["Vary"])
				}
			}
		}
	}
}
