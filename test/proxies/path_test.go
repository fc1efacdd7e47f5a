package proxies

import (
	"net/http"
	"testing"
)

// TestEachProxyChecksThePathAsItIsSent: a proxy may normalize a path in another way than the API,
// so Usher must check the path of the request line, and the proxy must forward the same.
func TestEachProxyChecksThePathAsItIsSent(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read jobs:read analyze:write usage:read")
	atEachProxy(t, func(t *testing.T, p proxy, rp *running) {
		for _, path := range []string{
			"//v1/videos", "/v1//videos", "/v1/videos/", "/v1/./videos", "/v1/x/../videos", "/v1/%76ideos", "/v1/Videos", "/v1/videos;a=b",
			"/v1/jobs/a%2fb", "/v1/jobs/%2e%2e%2fusage", "/v1/jobs/%2e%2e", "/v1/jobs/a%5cb", "/v1/jobs/..;/usage", "/v1%2fvideos",
			"/x/../v1/videos", "/usher-forward-auth/", "/v1/jobs/%252e%252e", "/v1/videos%20", "/v1/videos.", "/v1/jobs/%c0%ae%c0%ae/usage",
		} {
			a := request(t, "GET", rp.url+path, token)
			if cleaned := p.cleans[path]; cleaned != "" {
				if r := wantForwarded(t, a); r.URI != cleaned {
					t.Errorf("%s is checked as %s and forwarded as %s", path, cleaned, r.URI)
				}
				continue
			}
			wantDenied(t, a, http.StatusNotFound, denial("not_found", "There is no such endpoint"), "")
		}
		if n := rp.api.count(t.Name()); n != len(p.cleans) {
			t.Errorf("%d of them reached the API", n)
		}
	})
}

// TestNoTrickOfTheRequestLineReachesTheAPI, sent byte for byte: the proxy or Usher returns an
// error.
func TestNoTrickOfTheRequestLineReachesTheAPI(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read jobs:read")
	atEachProxy(t, func(t *testing.T, _ proxy, rp *running) {
		for _, line := range []string{
			"GET /usher-forward-auth HTTP/1.1", "GET /forward-auth/../usher-forward-auth HTTP/1.1", "GET /v1/jobs/a%00b HTTP/1.1",
			"GET /v1/videos\\ HTTP/1.1", "GET \\v1\\videos HTTP/1.1", "GET /v1/jobs/a\x80 HTTP/1.1", "GET /v1/videos%0d%0aX:y HTTP/1.1",
			"GET v1/videos HTTP/1.1", "GET * HTTP/1.1", "HEAD /v1/videos HTTP/1.1", "TRACE /v1/videos HTTP/1.1",
			"CONNECT /v1/videos HTTP/1.1", "get /v1/videos HTTP/1.1", "PURGE /v1/videos HTTP/1.1", "GET /v1/nothing#/v1/videos HTTP/1.1",
			"GET http://other.example.com/v1/nothing HTTP/1.1", "GET /v1/nothing?/../videos HTTP/1.1", "GET /v1/videos HTTP/0.9",
		} {
			status := sendRaw(t, rp, line+"\r\nHost: "+host(t, rp.url)+"\r\n"+caseHeader+": "+t.Name()+
				"\r\nAuthorization: Bearer "+token+"\r\nConnection: close\r\n\r\n")
			if status != 0 && (status < 400 || status > 505) {
				t.Errorf("%q returned %d", line, status)
			}
		}
		if n := rp.api.count(t.Name()); n != 0 {
			t.Errorf("%d of them reached the API", n)
		}
	})
}
