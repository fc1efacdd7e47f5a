package proxies

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

const unavailable = "The service is temporarily unavailable, try again shortly"

// TestNginxStaysClosedWhileUsherIsAway, and opens by itself when Usher is back.
func TestNginxStaysClosedWhileUsherIsAway(t *testing.T) {
	door, token := nginx(t), issue(t, "videos:read")
	passed(t, ask(t, "GET", door+"/v1/videos", token))
	before := shared.api.reached.Load()
	_, err := shared.deployment.StopOne("usher")
	must(t, err)
	for _, bearer := range []string{token, ""} {
		a := ask(t, "GET", door+"/v1/videos", bearer)
		refuses(t, a, http.StatusServiceUnavailable, denial("unavailable", unavailable), "")
		if a.Header.Get("Retry-After") == "" {
			t.Error("nothing says when to come back")
		}
	}
	if n := shared.api.reached.Load() - before; n != 0 {
		t.Errorf("%d requests reached the API unjudged", n)
	}
	must(t, shared.deployment.StartOne("usher"))
	passed(t, ask(t, "GET", door+"/v1/videos", token))
}

// TestNginxTakesNoOtherAnswerForAYes: only 2xx opens, 401 and 403 deny, and the rest is not known.
func TestNginxTakesNoOtherAnswerForAYes(t *testing.T) {
	before := shared.api.reached.Load()
	for _, status := range []int{302, 304, 400, 404, 429, 500, 502, 503} {
		broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(broken.Close)
		a := ask(t, "GET", startNginx(t, host(t, broken.URL), host(t, shared.api.URL))+"/v1/videos", "")
		refuses(t, a, http.StatusServiceUnavailable, denial("unavailable", unavailable), "")
	}
	if n := shared.api.reached.Load() - before; n != 0 {
		t.Errorf("%d requests reached the API unjudged", n)
	}
}

// TestNginxSaysThatTheAPIIsSilent apart from what Usher says: it may have done what was asked.
func TestNginxSaysThatTheAPIIsSilent(t *testing.T) {
	nobody, err := harness.FreeAddr()
	must(t, err)
	door := startNginx(t, host(t, shared.deployment.AdminURL), nobody)
	a := ask(t, "GET", door+"/v1/videos", issue(t, "videos:read"))
	refuses(t, a, http.StatusBadGateway, denial("unavailable", "The service behind this endpoint did not answer"), "")
}
