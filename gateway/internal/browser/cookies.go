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

// The cookies' names; over TLS they carry the prefix that ties them to this very host.
const (
	sessionCookie = "usher_session"
	browserCookie = "usher_browser"
	flashCookie   = "usher_flash"
	hostPrefix    = "__Host-"
)

// Cookies reads and writes the cookies. None is readable by a script.
type Cookies struct {
	// Secure says that browsers come over https.
	Secure bool
}

// Session is the session cookie's value; zero when there is none or it cannot be one.
func (c Cookies) Session(r *http.Request) secret.String { return c.read(r, sessionCookie) }

// Browser is the browser cookie's value; zero when there is none or it cannot be one.
func (c Cookies) Browser(r *http.Request) secret.String { return c.read(r, browserCookie) }

// EnsureBrowser is Browser, with a fresh value for a browser that has none.
func (c Cookies) EnsureBrowser(w http.ResponseWriter, r *http.Request) secret.String {
	value := c.Browser(r)
	if value.IsZero() {
		value = secret.NewCode()
		c.write(w, browserCookie, value, time.Time{})
	}
	return value
}

// SetSession keeps a new session until it ends.
func (c Cookies) SetSession(w http.ResponseWriter, value secret.String, until time.Time) {
	c.write(w, sessionCookie, value, until)
}

// ClearSession forgets the session.
func (c Cookies) ClearSession(w http.ResponseWriter) {
	c.write(w, sessionCookie, secret.String{}, time.Unix(0, 0))
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

// set writes a cookie that ends then; a zero time ends it with the browser, and an empty value at once.
func (c Cookies) set(w http.ResponseWriter, name, value string, until time.Time) {
	cookie := &http.Cookie{ //nolint:gosec // Secure is set wherever browsers come over https
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

// FormToken is what a form of ours carries: proof that the page came to this browser, in this session, for this purpose and
// this authorization. Its key is the browser cookie's value, which no other site and no script can read, so that replicas
// need no secret in common.
func (c Cookies) FormToken(browser, session secret.String, purpose ...string) string {
	mac := hmac.New(sha256.New, []byte(browser.Reveal()))
	for _, part := range append(purpose, session.Reveal()) {
		mac.Write([]byte(part))
		mac.Write([]byte{0}) // no part can flow into the next
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CheckForm reports whether a posted form is one that came to this browser in this session.
func (c Cookies) CheckForm(r *http.Request, purpose ...string) bool {
	browser := c.Browser(r)
	if browser.IsZero() {
		return false
	}
	want := c.FormToken(browser, c.Session(r), purpose...)
	token := strings.TrimSpace(r.PostForm.Get("csrf_token"))
	return hmac.Equal([]byte(want), []byte(token[strings.LastIndexByte(token, '.')+1:])) // what stands before the dot is a purpose
}
