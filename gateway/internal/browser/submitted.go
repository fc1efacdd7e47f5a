package browser

import (
	"crypto/hmac"
	"crypto/rand"
	"net/http"
	"time"
)

const (
	submittedCookie = "usher_submitted"
	// submittedLifetime is how long a second click may come after the first one.
	submittedLifetime = time.Minute
)

// formField is the field with the random value that NewForm returned.
const formField = "form"

// NewForm returns a random value for the field "form" of a form that begins a session.
func NewForm() string { return rand.Text() }

// FormValue returns the random value of a form; empty for a form without one.
func FormValue(r *http.Request) string { return r.PostForm.Get(formField) }

// SetSubmitted records that the form of next, a request of WithSession, has begun its session. The form
// has the token of the session before, so that CheckForm refuses it from now on. Every form of that session
// has this token, so that the form's own random value is recorded too. The input is not: it has passwords,
// and a thief of the cookie could try passwords out against it.
func (c Cookies) SetSubmitted(w http.ResponseWriter, next *http.Request) {
	if !c.Browser(next).IsZero() && FormValue(next) != "" {
		c.set(w, submittedCookie, c.submitted(next), time.Now().Add(submittedLifetime))
	}
}

// Submitted reports whether the form of r is the one that has begun the browser's session, and so is sent
// by the second of two clicks: the browser has stored the cookies of the first response, and still showed
// the form.
func (c Cookies) Submitted(r *http.Request) bool {
	found := r.CookiesNamed(c.name(submittedCookie))
	return len(found) == 1 && !c.Browser(r).IsZero() && FormValue(r) != "" && hmac.Equal([]byte(found[0].Value), []byte(c.submitted(r)))
}

func (c Cookies) submitted(r *http.Request) string {
	return c.FormToken(c.Browser(r), c.Session(r), submittedCookie, FormValue(r))
}
