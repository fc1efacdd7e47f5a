package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/internal/platform/secret"
)

func request(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/signin", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

// setCookie returns the one cookie that a response sets.
func setCookie(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	set := w.Result().Cookies()
	if len(set) != 1 {
		t.Fatalf("the response sets %d cookies, want one", len(set))
	}
	return set[0]
}

func TestCookiesAreTiedToTheHostOverHTTPS(t *testing.T) {
	for secure, prefix := range map[bool]string{true: "__Host-", false: ""} {
		c := browser.Cookies{Secure: secure}
		w := httptest.NewRecorder()
		c.SetSession(w, secret.NewCode(), time.Now().Add(time.Hour))
		session := setCookie(t, w)
		w = httptest.NewRecorder()
		value := c.EnsureBrowser(w, request())
		own := setCookie(t, w)
		if session.Name != prefix+"usher_session" || own.Name != prefix+"usher_browser" || own.Value != value.Reveal() {
			t.Errorf("secure %t: the cookies are %s and %s", secure, session, own)
		}
		for _, k := range []*http.Cookie{session, own} {
			if k.Secure != secure || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Domain != "" {
				t.Errorf("secure %t: the cookie is %s", secure, k)
			}
		}
		if session.MaxAge < 3500 || session.MaxAge > 3600 || own.MaxAge != 0 {
			t.Errorf("the session is kept %d s and the browser's value %d s, want an hour and until it closes", session.MaxAge, own.MaxAge)
		}
	}
}

func TestClearSessionDeletesTheCookie(t *testing.T) {
	w := httptest.NewRecorder()
	browser.Cookies{Secure: true}.ClearSession(w, request())
	if k := setCookie(t, w); k.MaxAge >= 0 || k.Value != "" || !k.Secure || k.Path != "/" || k.Name != "__Host-usher_session" {
		t.Errorf("the cookie is %s", k)
	}
	w = httptest.NewRecorder()
	browser.Cookies{}.SetSession(w, secret.NewCode(), time.Now().Add(-time.Hour))
	if k := setCookie(t, w); k.MaxAge != 1 {
		t.Errorf("a session that has ended is kept for %d s", k.MaxAge)
	}
}

func TestAMalformedCookieIsIgnored(t *testing.T) {
	c, value := browser.Cookies{Secure: true}, secret.NewCode().Reveal()
	one := &http.Cookie{Name: "__Host-usher_session", Value: value}
	if got := c.Session(request(one)); got.Reveal() != value {
		t.Error("a valid cookie is not read")
	}
	for name, cookies := range map[string][]*http.Cookie{
		"two of one name":          {one, {Name: one.Name, Value: secret.NewCode().Reveal()}},
		"the same twice":           {one, one},
		"without the prefix":       {{Name: "usher_session", Value: value}},
		"too short":                {{Name: one.Name, Value: value[:42]}},
		"not base64url":            {{Name: one.Name, Value: value[:42] + "!"}},
		"the other cookie's value": {{Name: "__Host-usher_browser", Value: value}},
		"none":                     nil,
	} {
		if got := c.Session(request(cookies...)); !got.IsZero() {
			t.Errorf("%s: accepted as a session", name)
		}
	}
}

func TestABrowserCookieIsNotReplaced(t *testing.T) {
	c, value := browser.Cookies{}, secret.NewCode().Reveal()
	own := &http.Cookie{Name: "usher_browser", Value: value}
	w := httptest.NewRecorder()
	if got := c.EnsureBrowser(w, request(own)); got.Reveal() != value || len(w.Result().Cookies()) > 0 {
		t.Error("a browser gets another value at every page")
	}
	w = httptest.NewRecorder()
	if got := c.EnsureBrowser(w, request(own, &http.Cookie{Name: "usher_browser", Value: secret.NewCode().Reveal()})); got.Reveal() == value {
		t.Error("with two cookies of one name, one is used")
	}
	if fresh := setCookie(t, w); fresh.Value == value || !secret.ValidCode(fresh.Value) {
		t.Errorf("the fresh value is %s", fresh)
	}
}

func TestAFormIsBoundToBrowserSessionPurposeAndRequest(t *testing.T) {
	c := browser.Cookies{}
	own, session := secret.NewCode(), secret.NewCode()
	token := c.FormToken(own, session, "decide", "request-1")
	check := func(b, s secret.String, csrf string, purpose ...string) bool {
		cookies := []*http.Cookie{}
		if !b.IsZero() {
			cookies = append(cookies, &http.Cookie{Name: "usher_browser", Value: b.Reveal()})
		}
		if !s.IsZero() {
			cookies = append(cookies, &http.Cookie{Name: "usher_session", Value: s.Reveal()})
		}
		r := request(cookies...)
		r.PostForm = url.Values{"csrf_token": {csrf}}
		return c.CheckForm(r, purpose...)
	}
	if !check(own, session, token, "decide", "request-1") {
		t.Fatal("a valid form is refused")
	}
	none := secret.String{}
	for name, accepted := range map[string]bool{
		"another browser":       check(secret.NewCode(), session, token, "decide", "request-1"),
		"no browser":            check(none, session, token, "decide", "request-1"),
		"another session":       check(own, secret.NewCode(), token, "decide", "request-1"),
		"no session":            check(own, none, token, "decide", "request-1"),
		"another purpose":       check(own, session, token, "sign-in", "request-1"),
		"another request":       check(own, session, token, "decide", "request-2"),
		"no request":            check(own, session, token, "decide"),
		"parts split elsewhere": check(own, session, token, "deciderequest", "-1"),
		"no token":              check(own, session, "", "decide", "request-1"),
		"half a token":          check(own, session, token[:20], "decide", "request-1"),
		"a browser's value without a key": check(none, session, c.FormToken(none, session, "decide", "request-1"),
			"decide", "request-1"),
	} {
		if accepted {
			t.Errorf("%s: the form is accepted", name)
		}
	}
}
