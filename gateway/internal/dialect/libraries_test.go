package dialect_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vidocu/usher/gateway/internal/httpx"
)

// endpoints returns the paths of the endpoints.
func endpoints() []string { return []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect"} }

func TestFault_B5_CharsetsOfAFormAreRead(t *testing.T) {
	b := newFixture(t)
	for _, charset := range []string{"ISO-8859-1", "us-ascii", "utf8", "UTF-8", `"utf-8"`, "windows-1252"} {
		for kind, body := range map[string]string{httpx.TypeForm: "code=a%C3%A9&token=x", httpx.TypeJSON: `{"code":"aé","token":"x"}`} {
			for _, path := range endpoints() {
				if w := b.post(path, kind+"; charset="+charset, body); w.Code != http.StatusOK {
					t.Errorf("%s in %s at %s: %d %s", kind, charset, path, w.Code, w.Body)
				}
			}
			if b.service.issued.GetCode() != "aé" {
				t.Errorf("%s in %s is read as %q", kind, charset, b.service.issued.GetCode())
			}
		}
	}
}

func TestFault_B5_AFormThatCannotBeReadIsRefusedInTheFormsDialect(t *testing.T) {
	b := newFixture(t)
	for kind, header := range map[string][]string{
		"application/x-www-form-urlencoded; charset=utf-16":   nil,
		"application/x-www-form-urlencoded; charset=utf-7":    nil,
		"application/x-www-form-urlencoded; charset":          nil,
		"application/x-www-form-urlencoded":                   {"Content-Encoding", "gzip"},
		"application/x-www-form-urlencoded; charset=us-ascii": {"Content-Encoding", "br"},
	} {
		for _, path := range endpoints() {
			w := b.post(path, kind, "code=a", header...)
			if got := failure(t, httpx.TypeForm, w); w.Code != http.StatusUnsupportedMediaType || got.code != "invalid_request" {
				t.Errorf("%s at %s: %d %v", kind, path, w.Code, got)
			}
		}
	}
}

func TestFault_B10_ABodyWithoutAMediaTypeIsAForm(t *testing.T) {
	b := newFixture(t)
	for name, types := range map[string][]string{"absent": nil, "empty": {""}} {
		send := func(path, body string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			r.Header["Content-Type"] = types
			w := httptest.NewRecorder()
			b.ServeHTTP(w, r)
			return w
		}
		for _, path := range endpoints() {
			if w := send(path, "token=x&code=a"); w.Code != http.StatusOK {
				t.Errorf("%s, %s gets %d %s", name, path, w.Code, w.Body)
			}
			if w := send(path, "token=x&token=y&code=a&code=b"); w.Code != http.StatusBadRequest || failure(t, httpx.TypeForm, w).code != "invalid_request" {
				t.Errorf("%s, %s with a repeated parameter gets %d %s", name, path, w.Code, w.Body)
			}
		}
		if b.service.issued.GetCode() != "a" {
			t.Errorf("%s: the service was called %v", name, b.service.issued)
		}
	}
}

func TestFault_B13_AHeaderOfAnotherSchemeIsIgnored(t *testing.T) {
	b := newFixture(t)
	for _, value := range []string{"Bearer vdo_oat_x", "bearer " + strings.Repeat("x", 8<<10), "DPoP é", "Digest username=\"x\"", "", "Negotiate"} {
		for kind, body := range map[string]string{
			httpx.TypeForm: "token=x&client_id=a&client_secret=b", httpx.TypeJSON: `{"token":"x","client_id":"a","client_secret":"b"}`,
		} {
			for _, path := range endpoints() {
				if w := b.post(path, kind, body, "Authorization", value); w.Code != http.StatusOK {
					t.Errorf("%.20s beside %s at %s gets %d %s", value, kind, path, w.Code, w.Body)
				}
			}
			if got := b.service.with.Get("authorization"); len(got) > 0 || b.service.issued.GetClientSecret() != "b" {
				t.Errorf("%.20s beside %s: the service was called %v with %q", value, kind, b.service.issued, got)
			}
		}
	}
}
