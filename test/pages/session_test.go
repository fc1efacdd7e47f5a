package pages

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// get opens a page with only these cookies.
func get(t *testing.T, d *harness.Deployment, path string, cookies map[string]string) harness.Page {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.PublicURL+path, nil)
	expect.NoError(t, err)
	for name, value := range cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	page, err := d.NewBrowser().Do(req)
	expect.NoError(t, err)
	return page
}

// TestCase16_EverySignInHasANewSession, and the previous session is invalid on the server.
func TestCase16_EverySignInHasANewSession(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := expect.SignedIn(t, d, harness.JohnEmail)
		first := b.Cookie(harness.SessionCookie)
		page, err := b.Follow(b.Get(harness.Request{}.Path() + "&prompt=login"))
		expect.NoError(t, err)
		_, err = b.SignIn(page, harness.EstherEmail, harness.UserPassword)
		expect.NoError(t, err)
		if second := b.Cookie(harness.SessionCookie); second == "" || second == first {
			t.Error("the second sign-in kept the session value")
		}
		replayed := get(t, d, "/account/connected-apps", map[string]string{harness.SessionCookie: first})
		expect.Equal(t, "status for the former session", replayed.Status, http.StatusSeeOther)
		planted := get(t, d, "/account/connected-apps", map[string]string{harness.SessionCookie: harness.NewVerifier()})
		expect.Equal(t, "status for a made-up session", planted.Status, http.StatusSeeOther)
	})
}

// TestCase17_CookieAttributes, and a signed-out session is invalid on the server.
func TestCase17_CookieAttributes(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Get("/signin")
		expect.NoError(t, err)
		form, err := page.FormWith("password")
		expect.NoError(t, err)
		done, err := b.Submit(page, form, map[string]string{"email": harness.JohnEmail, "password": harness.UserPassword})
		expect.NoError(t, err)
		headers := append(page.Header.Values("Set-Cookie"), done.Header.Values("Set-Cookie")...)
		expect.Equal(t, "number of cookies", len(headers), 2)
		for _, header := range headers {
			for _, attribute := range []string{"; HttpOnly", "; SameSite=Lax", "; Path=/"} {
				if !strings.Contains(header, attribute) {
					t.Errorf("a cookie lacks %s", attribute)
				}
			}
			if strings.Contains(header, "Domain") {
				t.Error("a cookie has a Domain attribute")
			}
		}
		session := b.Cookie(harness.SessionCookie)
		account, err := b.Get("/account/connected-apps")
		expect.NoError(t, err)
		for _, form := range account.Forms {
			if form.Action == "/signout" {
				out, err := b.Submit(account, form, nil)
				expect.NoError(t, err)
				expect.Equal(t, "status of signing out", out.Status, http.StatusSeeOther)
			}
		}
		expect.Equal(t, "session cookie after signing out", b.Cookie(harness.SessionCookie), "")
		replayed := get(t, d, "/account/connected-apps", map[string]string{harness.SessionCookie: session})
		expect.Equal(t, "status for a session that was signed out", replayed.Status, http.StatusSeeOther)
	})
}

// TestCase18_WrongAddressAndWrongPasswordHaveOneResponse: the pages are identical byte for byte
// except for the form's token.
func TestCase18_WrongAddressAndWrongPasswordHaveOneResponse(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		page := func(email, password string) (int, string) {
			b := d.NewBrowser()
			page, err := b.Get("/signin")
			expect.NoError(t, err)
			page, err = b.SignIn(page, email, password)
			expect.NoError(t, err)
			expect.Equal(t, "session after a failed sign-in", b.Cookie(harness.SessionCookie), "")
			form, err := page.FormWith("password")
			expect.NoError(t, err)
			return page.Status, strings.NewReplacer(form.Values.Get("csrf_token"), "", email, "").Replace(page.Body)
		}
		status, body := page("nobody@gmail.com", "examplepassword")
		expect.Equal(t, "status", status, http.StatusOK)
		for _, c := range [][2]string{{harness.JohnEmail, "wrongpassword"}, {harness.JohnEmail, strings.Repeat("x", 1000)}} {
			if s, b := page(c[0], c[1]); s != status || b != body {
				t.Errorf("the response for %s differs: %d %s", c[0], s, b)
			}
		}
	})
}

// TestCase21_NothingInARequestBecomesAnAddress: no parameter becomes the redirect target after
// signing in.
func TestCase21_NothingInARequestBecomesAnAddress(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for _, next := range []string{"//evil.test", `/\evil.test`, "https:evil.test", "javascript:alert(1)", "/oauth/authorize?x\r\nX: y"} {
			b := d.NewBrowser()
			page, err := b.Get("/signin?" + url.Values{"request": {next}, "next": {next}, "return_to": {next}}.Encode())
			expect.NoError(t, err)
			form, err := page.FormWith("password")
			expect.NoError(t, err)
			page, err = b.Submit(page, form, map[string]string{"email": harness.JohnEmail, "password": harness.UserPassword, "next": next})
			expect.NoError(t, err)
			expect.Equal(t, "location", page.Header.Get("Location"), "/account/connected-apps")
		}
	})
}

// TestCase22_SignInNeedsOurOwnForm: a cross-site post, one without a form token and one with
// another browser's form token do not sign in.
func TestCase22_SignInNeedsOurOwnForm(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Get("/signin")
		expect.NoError(t, err)
		form, err := page.FormWith("password")
		expect.NoError(t, err)
		other, err := d.NewBrowser().Get("/signin")
		expect.NoError(t, err)
		otherForm, err := other.FormWith("password")
		expect.NoError(t, err)
		fields := func(token string) string {
			return url.Values{"email": {harness.EstherEmail}, "password": {harness.UserPassword}, "csrf_token": {token}, "request": {""}}.Encode()
		}
		good := form.Values.Get("csrf_token")
		for name, c := range map[string]harness.CrossSite{
			"another origin":       {Body: fields(good), Headers: map[string]string{"Origin": "https://evil.test"}},
			"cross-site fetch":     {Body: fields(good), Headers: map[string]string{"Sec-Fetch-Site": "cross-site"}},
			"an opaque origin":     {Body: fields(good), Headers: map[string]string{"Origin": "null"}},
			"no token":             {Body: fields("")},
			"another browser's":    {Body: fields(otherForm.Values.Get("csrf_token"))},
			"text instead of form": {Body: fields(good), ContentType: "text/plain"},
			"JSON instead of form": {Body: `{}`, ContentType: "application/json"},
		} {
			page := expect.Posted(t, b, "/signin", c)
			again := name == "another browser's" && page.Location() == d.PublicURL+"/signin"
			if page.Status != http.StatusForbidden && page.Status != http.StatusUnsupportedMediaType && !again {
				t.Errorf("%s: status %d", name, page.Status)
			}
			expect.Equal(t, name+": session", b.Cookie(harness.SessionCookie), "")
		}
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			req, err := http.NewRequest(method, d.PublicURL+"/signout", nil)
			expect.NoError(t, err)
			page, err := expect.SignedIn(t, d, harness.JohnEmail).Do(req)
			expect.NoError(t, err)
			expect.Equal(t, method+" on signing out", page.Status, http.StatusMethodNotAllowed)
		}
	})
}

// TestCase24_AnAddressIsSpelledOneWay: case and surrounding blanks are ignored, look-alike
// characters are other users.
func TestCase24_AnAddressIsSpelledOneWay(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		for email, works := range map[string]bool{
			" John.Doe@Gmail.com ": true, "john.doe@gmail.com": true, "jоhn.doe@gmail.com": false, "john.doe＠gmail.com": false,
			"john.doe@gmail.com.": false, "a@john.doe@gmail.com": false, "john.doe@gmail.com\u200d": false, "john.doe@gma\u0131l.com": false,
			"john.doe@gmail.com@": false, "\xff@gmail.com": false,
		} {
			b := d.NewBrowser()
			page, err := b.Get("/signin")
			expect.NoError(t, err)
			form, err := page.FormWith("password")
			expect.NoError(t, err)
			page, err = b.Submit(page, form, map[string]string{"email": email, "password": harness.UserPassword})
			expect.NoError(t, err)
			if got := page.Location() == d.PublicURL+"/account/connected-apps"; got != works || page.Status >= http.StatusInternalServerError {
				t.Errorf("%q: status %d", email, page.Status)
			}
		}
	})
}
