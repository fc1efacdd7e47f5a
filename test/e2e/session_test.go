package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

const sessionCookie = "usher_session"

// cookie returns a cookie's value in the browser; empty when it has none.
func cookie(t *testing.T, d *harness.Deployment, b *harness.Browser, name string) string {
	t.Helper()
	u, err := url.Parse(d.PublicURL)
	must(t, err)
	for _, c := range b.Client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// get opens a page with only these cookies.
func get(t *testing.T, d *harness.Deployment, path string, cookies map[string]string) harness.Page {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.PublicURL+path, nil)
	must(t, err)
	for name, value := range cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	page, err := d.NewBrowser().Do(req)
	must(t, err)
	return page
}

// signIn signs a new browser in on the account page.
func signIn(t *testing.T, d *harness.Deployment, email string) *harness.Browser {
	t.Helper()
	b := d.NewBrowser()
	page, err := b.Follow(b.Get("/account/connected-apps"))
	must(t, err)
	page, err = b.SignIn(page, email, harness.UserPassword)
	must(t, err)
	want(t, "status after signing in", page.Status, http.StatusOK)
	return b
}

// TestCase16_EverySignInHasANewSession, and the previous session is invalid on the server.
func TestCase16_EverySignInHasANewSession(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := signIn(t, d, harness.JohnEmail)
		first := cookie(t, d, b, sessionCookie)
		page, err := b.Follow(b.Get(harness.Request{}.Path() + "&prompt=login"))
		must(t, err)
		_, err = b.SignIn(page, harness.EstherEmail, harness.UserPassword)
		must(t, err)
		if second := cookie(t, d, b, sessionCookie); second == "" || second == first {
			t.Error("the second sign-in kept the session value")
		}
		replayed := get(t, d, "/account/connected-apps", map[string]string{sessionCookie: first})
		want(t, "status for the former session", replayed.Status, http.StatusSeeOther)
		planted := get(t, d, "/account/connected-apps", map[string]string{sessionCookie: harness.NewVerifier()})
		want(t, "status for a made-up session", planted.Status, http.StatusSeeOther)
	})
}

// TestCase17_CookieAttributes, and a signed-out session is invalid on the server.
func TestCase17_CookieAttributes(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Get("/signin")
		must(t, err)
		form, err := page.FormWith("password")
		must(t, err)
		done, err := b.Submit(page, form, map[string]string{"email": harness.JohnEmail, "password": harness.UserPassword})
		must(t, err)
		headers := append(page.Header.Values("Set-Cookie"), done.Header.Values("Set-Cookie")...)
		want(t, "number of cookies", len(headers), 2)
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
		session := cookie(t, d, b, sessionCookie)
		account, err := b.Get("/account/connected-apps")
		must(t, err)
		for _, form := range account.Forms {
			if form.Action == "/signout" {
				out, err := b.Submit(account, form, nil)
				must(t, err)
				want(t, "status of signing out", out.Status, http.StatusSeeOther)
			}
		}
		want(t, "session cookie after signing out", cookie(t, d, b, sessionCookie), "")
		replayed := get(t, d, "/account/connected-apps", map[string]string{sessionCookie: session})
		want(t, "status for a session that was signed out", replayed.Status, http.StatusSeeOther)
	})
}

// TestCase18_WrongAddressAndWrongPasswordHaveOneResponse: the pages are identical byte for byte
// except for the form's token.
func TestCase18_WrongAddressAndWrongPasswordHaveOneResponse(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		page := func(email, password string) (int, string) {
			b := d.NewBrowser()
			page, err := b.Get("/signin")
			must(t, err)
			page, err = b.SignIn(page, email, password)
			must(t, err)
			want(t, "session after a failed sign-in", cookie(t, d, b, sessionCookie), "")
			form, err := page.FormWith("password")
			must(t, err)
			return page.Status, strings.NewReplacer(form.Values.Get("csrf_token"), "", email, "").Replace(page.Body)
		}
		status, body := page("nobody@gmail.com", "examplepassword")
		want(t, "status", status, http.StatusOK)
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
	each(t, func(t *testing.T, d *harness.Deployment) {
		for _, next := range []string{"//evil.test", `/\evil.test`, "https:evil.test", "javascript:alert(1)", "/oauth/authorize?x\r\nX: y"} {
			b := d.NewBrowser()
			page, err := b.Get("/signin?" + url.Values{"request": {next}, "next": {next}, "return_to": {next}}.Encode())
			must(t, err)
			form, err := page.FormWith("password")
			must(t, err)
			page, err = b.Submit(page, form, map[string]string{"email": harness.JohnEmail, "password": harness.UserPassword, "next": next})
			must(t, err)
			want(t, "location", page.Header.Get("Location"), "/account/connected-apps")
		}
	})
}

// postCrossSite posts a form as another site's page would, with the browser's cookies as far as
// SameSite sends them.
func postCrossSite(t *testing.T, b *harness.Browser, d *harness.Deployment, path string, c crossSiteRequest) harness.Page {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, d.PublicURL+path, strings.NewReader(c.body))
	must(t, err)
	if c.contentType == "" {
		c.contentType = "application/x-www-form-urlencoded"
	}
	req.Header.Set("Content-Type", c.contentType)
	for name, value := range c.headers {
		req.Header.Set(name, value)
	}
	page, err := b.Do(req)
	must(t, err)
	return page
}

// crossSiteRequest is a request that does not come from our page.
type crossSiteRequest struct {
	body, contentType string
	headers           map[string]string
}

// TestCase22_SignInNeedsOurOwnForm: a cross-site post, one without a form token and one with
// another browser's form token do not sign in.
func TestCase22_SignInNeedsOurOwnForm(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		b := d.NewBrowser()
		page, err := b.Get("/signin")
		must(t, err)
		form, err := page.FormWith("password")
		must(t, err)
		other, err := d.NewBrowser().Get("/signin")
		must(t, err)
		otherForm, err := other.FormWith("password")
		must(t, err)
		fields := func(token string) string {
			return url.Values{"email": {harness.EstherEmail}, "password": {harness.UserPassword}, "csrf_token": {token}, "request": {""}}.Encode()
		}
		good := form.Values.Get("csrf_token")
		for name, c := range map[string]crossSiteRequest{
			"another origin":       {body: fields(good), headers: map[string]string{"Origin": "https://evil.test"}},
			"cross-site fetch":     {body: fields(good), headers: map[string]string{"Sec-Fetch-Site": "cross-site"}},
			"an opaque origin":     {body: fields(good), headers: map[string]string{"Origin": "null"}},
			"no token":             {body: fields("")},
			"another browser's":    {body: fields(otherForm.Values.Get("csrf_token"))},
			"text instead of form": {body: fields(good), contentType: "text/plain"},
			"JSON instead of form": {body: `{}`, contentType: "application/json"},
		} {
			page := postCrossSite(t, b, d, "/signin", c)
			again := name == "another browser's" && page.Location() == d.PublicURL+"/signin"
			if page.Status != http.StatusForbidden && page.Status != http.StatusUnsupportedMediaType && !again {
				t.Errorf("%s: status %d", name, page.Status)
			}
			want(t, name+": session", cookie(t, d, b, sessionCookie), "")
		}
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			req, err := http.NewRequest(method, d.PublicURL+"/signout", nil)
			must(t, err)
			page, err := signIn(t, d, harness.JohnEmail).Do(req)
			must(t, err)
			want(t, method+" on signing out", page.Status, http.StatusMethodNotAllowed)
		}
	})
}

// TestCase24_AnAddressIsSpelledOneWay: case and surrounding blanks are ignored, look-alike
// characters are other users.
func TestCase24_AnAddressIsSpelledOneWay(t *testing.T) {
	each(t, func(t *testing.T, d *harness.Deployment) {
		for email, works := range map[string]bool{
			" John.Doe@Gmail.com ": true, "john.doe@gmail.com": true, "jоhn.doe@gmail.com": false, "john.doe＠gmail.com": false,
			"john.doe@gmail.com.": false, "a@john.doe@gmail.com": false, "john.doe@gmail.com\u200d": false, "john.doe@gma\u0131l.com": false,
			"john.doe@gmail.com@": false, "\xff@gmail.com": false,
		} {
			b := d.NewBrowser()
			page, err := b.Get("/signin")
			must(t, err)
			form, err := page.FormWith("password")
			must(t, err)
			page, err = b.Submit(page, form, map[string]string{"email": email, "password": harness.UserPassword})
			must(t, err)
			if got := page.Location() == d.PublicURL+"/account/connected-apps"; got != works || page.Status >= http.StatusInternalServerError {
				t.Errorf("%q: status %d", email, page.Status)
			}
		}
	})
}
