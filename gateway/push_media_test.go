package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestAPushedRequestIsToldTheMediaTypeThatIsRead, and no other: JSON is not (RFC 9126 §2.1).
func TestAPushedRequestIsToldTheMediaTypeThatIsRead(t *testing.T) {
	p := newBrowser(t)
	for _, sent := range []string{"text/plain", "application/json"} {
		r := httptest.NewRequest(http.MethodPost, "https://login.test/oauth/par", strings.NewReader("{}"))
		r.Header.Set("Content-Type", sent)
		w := p.send(r)
		if body := w.Body.String(); w.Code != http.StatusUnsupportedMediaType || !strings.Contains(body, "application/x-www-form-urlencoded") || strings.Contains(body, "json") {
			t.Errorf("%s: %d %s", sent, w.Code, body)
		}
	}
}
