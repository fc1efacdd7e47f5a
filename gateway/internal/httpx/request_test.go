package httpx_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vidocu/usher/gateway/internal/httpx"
)

func TestAnAmbiguousMediaTypeIsEmpty(t *testing.T) {
	for _, row := range []struct {
		types    []string
		encoding string
		want     string
	}{
		{[]string{"application/json"}, "", httpx.TypeJSON},
		{[]string{"Application/JSON; charset=UTF-8"}, "", httpx.TypeJSON},
		{[]string{"application/x-www-form-urlencoded;charset=utf-8"}, "identity", httpx.TypeForm},
		{[]string{"application/x-www-form-urlencoded; charset=ISO-8859-1"}, "", httpx.TypeForm},
		{[]string{"application/json; charset=utf8"}, "", httpx.TypeJSON},
		{[]string{"application/json; charset=utf-16"}, "", ""},
		{[]string{"application/x-www-form-urlencoded; charset=utf-7"}, "", ""},
		{[]string{"application/json; charset=utf-8; charset=utf-7"}, "", ""},
		{[]string{"application/json", "application/json"}, "", ""},
		{[]string{"application/json, text/plain"}, "", ""},
		{[]string{"application/json"}, "gzip", ""},
		{[]string{""}, "", ""},
		{nil, "", ""},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header["Content-Type"] = row.types
		if row.encoding != "" {
			r.Header.Set("Content-Encoding", row.encoding)
		}
		if got := httpx.MediaType(r); got != row.want {
			t.Errorf("%q in %q is %q, want %q", row.types, row.encoding, got, row.want)
		}
	}
}

func TestABodyIsReadCompletelyOrReturnsAnError(t *testing.T) {
	broken := errors.New("cut off")
	for name, row := range map[string]struct {
		body   io.Reader
		length int
		err    error
		closes string
	}{
		"the longest":    {strings.NewReader(strings.Repeat("x", httpx.MaxBody)), httpx.MaxBody, nil, ""},
		"one byte more":  {strings.NewReader(strings.Repeat("x", httpx.MaxBody+1)), 0, httpx.ErrTooLarge, "close"},
		"one cut off":    {io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), 3, broken, "close"},
		"an empty one":   {strings.NewReader(""), 0, nil, ""},
		"a far too long": {strings.NewReader(strings.Repeat("x", 4*httpx.MaxBody)), 0, httpx.ErrTooLarge, "close"},
	} {
		w := httptest.NewRecorder()
		body, err := httpx.ReadBody(w, httptest.NewRequest(http.MethodPost, "/", row.body))
		if !errors.Is(err, row.err) || len(body) != row.length || w.Header().Get("Connection") != row.closes {
			t.Errorf("%s: %d bytes, %v, Connection %q", name, len(body), err, w.Header().Get("Connection"))
		}
	}
}

func TestAnyOriginMayReadButNotWithCookies(t *testing.T) {
	h := httpx.CORS(text("response"))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Origin", "https://app.test")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("the headers are %v", w.Header())
	}
	r = httptest.NewRequest(http.MethodOptions, "/", nil)
	r.Header.Set("Origin", "https://app.test")
	r.Header.Set("Access-Control-Request-Method", http.MethodPost)
	r.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Body.Len() > 0 || w.Code >= 300 || w.Header().Get("Access-Control-Allow-Headers") == "" {
		t.Errorf("a preflight gets %d %v", w.Code, w.Header())
	}
}

func TestHealthzRespondsOK(t *testing.T) {
	w := httptest.NewRecorder()
	httpx.Healthz(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if w.Code != http.StatusOK || w.Body.String() != "ok\n" {
		t.Errorf("it responds %d %q", w.Code, w.Body)
	}
}
