package browser

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// The cookies' names. Over TLS they have the prefix __Host-, which binds them to the host (RFC
// 6265bis §4.1.3.2).
const (
	sessionCookie = "usher_session"
	browserCookie = "usher_browser"
	flashCookie   = "usher_flash"
	// languageCookie has the language that the client of the last authorization requested.
	languageCookie = "usher_language"
	hostPrefix     = "__Host-"
)

// Cookies reads and writes the cookies, all of which are HttpOnly.
type Cookies struct {
	// Secure is true where browsers use https.
	Secure bool
}

// Session returns the session cookie's value; zero where there is none or it is malformed.
func (c Cookies) Session(r *http.Request) secret.String { return c.read(r, sessionCookie) }

// Browser returns the browser cookie's value; zero where there is none or it is malformed.
func (c Cookies) Browser(r *http.Request) secret.String { return c.read(r, browserCookie) }

// EnsureBrowser is Browser, and sets a new value where there is none: one for all forms of a response.
func (c Cookies) EnsureBrowser(w http.ResponseWriter, r *http.Request) secret.String {
	value := c.Browser(r)
	if value.IsZero() {
		value = c.newBrowser(w)
	}
	if value.IsZero() {
		value = secret.NewCode()
		c.write(w, browserCookie, value, time.Time{})
	}
	return value
}

// newBrowser returns the browser cookie's value that the response sets; zero where it sets none.
func (c Cookies) newBrowser(w http.ResponseWriter) secret.String {
	for _, cookie := range (&http.Response{Header: w.Header()}).Cookies() {
		if cookie.Name == c.name(browserCookie) && secret.ValidCode(cookie.Value) {
			return secret.New(cookie.Value)
		}
	}
	return secret.String{}
}

// SetSession sets the session cookie until the session expires.
func (c Cookies) SetSession(w http.ResponseWriter, value secret.String, until time.Time) {
	c.write(w, sessionCookie, value, until)
}

// WithSession returns the request as the browser sends it after SetSession.
func (c Cookies) WithSession(r *http.Request, value secret.String) *http.Request {
	next := r.Clone(r.Context())
	next.Header.Del("Cookie")
	for _, cookie := range r.Cookies() {
		if cookie.Name != c.name(sessionCookie) {
			next.AddCookie(cookie)
		}
	}
	next.AddCookie(&http.Cookie{Name: c.name(sessionCookie), Value: value.Reveal()}) //nolint:gosec // a request's cookie has no attributes
	return next
}

// ClearSession deletes the session cookie, and what the browser keeps for its user alone.
func (c Cookies) ClearSession(w http.ResponseWriter, r *http.Request) {
	c.write(w, sessionCookie, secret.String{}, time.Unix(0, 0))
	c.ClearOfSession(w, r)
}

// ClearOfSession deletes the cookies that belong to the session of a request: a run of the playground
// with its tokens, a new secret that was not shown yet, and the input of a form. Without the session no
// page reads them, but the browser kept them for its next user.
func (c Cookies) ClearOfSession(w http.ResponseWriter, r *http.Request) {
	for _, name := range []string{playgroundCookie, flashName(PageAccount), secretName(PageAccount), submittedCookie} {
		if len(r.CookiesNamed(c.name(name))) > 0 {
			c.set(w, name, "", time.Time{})
		}
	}
}

// Language returns the language cookie's value; empty where there is none.
func (c Cookies) Language(r *http.Request) string {
	if found := r.CookiesNamed(c.name(languageCookie)); len(found) == 1 {
		return found[0].Value
	}
	return ""
}

// SetLanguage sets the language cookie until the browser closes, and deletes it where language is
// empty. It writes nothing that the browser has already.
func (c Cookies) SetLanguage(w http.ResponseWriter, r *http.Request, language string) {
	if language != c.Language(r) {
		c.set(w, languageCookie, language, time.Time{})
	}
}

func (c Cookies) read(r *http.Request, name string) secret.String {
	found := r.CookiesNamed(c.name(name))
	if len(found) != 1 || !secret.ValidCode(found[0].Value) {
		return secret.String{}
	}
	return secret.New(found[0].Value)
}

func (c Cookies) write(w http.ResponseWriter, name string, value secret.String, until time.Time) {
	c.set(w, name, value.Reveal(), until)
}

// set writes a cookie that expires at until. With a zero time it has no Max-Age and lasts until the
// browser closes; an empty value deletes it.
func (c Cookies) set(w http.ResponseWriter, name, value string, until time.Time) {
	cookie := &http.Cookie{ //nolint:gosec // Secure is set where browsers use https
		Name: c.name(name), Value: value, Path: "/", HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteLaxMode,
	}
	switch {
	case value == "":
		cookie.MaxAge = -1
	case !until.IsZero():
		cookie.MaxAge = max(1, int(time.Until(until).Seconds()))
	}
	http.SetCookie(w, cookie)
}

func (c Cookies) name(name string) string {
	if c.Secure {
		return hostPrefix + name
	}
	return name
}

// FormToken returns a form's CSRF token: an HMAC over the session, the purpose and the
// authorization. Its key is the browser cookie's value, which other sites and scripts cannot read,
// so that replicas need no shared secret.
func (c Cookies) FormToken(browser, session secret.String, purpose ...string) string {
	mac := hmac.New(sha256.New, []byte(browser.Reveal()))
	for _, part := range append(purpose, session.Reveal()) {
		mac.Write([]byte(part))
		mac.Write([]byte{0}) // separates the parts unambiguously
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CheckForm reports whether a posted form has the CSRF token of this browser and session.
func (c Cookies) CheckForm(r *http.Request, purpose ...string) bool {
	browser := c.Browser(r)
	if browser.IsZero() {
		return false
	}
	want := c.FormToken(browser, c.Session(r), purpose...)
	token := strings.TrimSpace(r.PostForm.Get("csrf_token"))
	return hmac.Equal([]byte(want), []byte(token[strings.LastIndexByte(token, '.')+1:])) // the part before the dot is a purpose
}
