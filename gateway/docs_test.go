package gateway_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestDocs_AreServedToEveryBrowserAndTheDescriptionToEveryOrigin, without a cookie and a call to a
// service.
func TestDocs_AreServedToEveryBrowserAndTheDescriptionToEveryOrigin(t *testing.T) {
	p := newBrowser(t)
	for path, want := range map[string]string{
		"/docs": "Quick start", "/docs/quick-start": "https://login.test/oauth/authorize?client_id", "/docs/errors": `id="code_expired"`,
		"/docs/scopes": "POST /v1/videos/upload", "/docs/api": "POST /oauth/token", "/openapi.json": `"openapi": "3.1.0"`,
	} {
		w := p.fetch(http.MethodGet, path, "Origin", "https://app.test", "Accept", "text/html")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) || len(w.Header()["Set-Cookie"]) > 0 {
			t.Errorf("%s gets %d without %s, %v", path, w.Code, want, w.Header())
		}
		if shared := w.Header().Get("Access-Control-Allow-Origin") == "*"; shared != (path == "/openapi.json") {
			t.Errorf("%s may be read by other origins: %v", path, shared)
		}
	}
	for path, status := range map[string]int{"/docs/": 404, "/docs/nothing": 404} {
		if w := p.fetch(http.MethodGet, path, "Accept", "text/html"); w.Code != status || !strings.Contains(w.Body.String(), "There is no such page") {
			t.Errorf("%s gets %d", path, w.Code)
		}
	}
	if w := p.fetch(http.MethodPost, "/docs"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST gets %d", w.Code)
	}
}
