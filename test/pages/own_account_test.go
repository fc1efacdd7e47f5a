package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

const securityPath = "/account/security"

// newcomer is a user with a password of their own, so that a test may change it.
type newcomer struct{ email, password string }

// join adds a user to Acme Studio and to Doe Family.
func join(t *testing.T, d *harness.Deployment, email string) newcomer {
	t.Helper()
	m := newcomer{email, "the first password"}
	_, err := d.OperateWith(t.Context(), shared.Bins, m.password, "users", "create", email, "--first-name", "Ada", "--last-name", "Byron")
	expect.NoError(t, err)
	for _, workspace := range []string{"ws_acme", "ws_doe"} {
		_, err = d.Operate(t.Context(), shared.Bins, "members", "add", workspace, email, "--role", "member")
		expect.NoError(t, err)
	}
	return m
}

// signIn signs the user in at the page of an address, and returns the browser and the page.
func (m newcomer) signIn(t *testing.T, d *harness.Deployment, path string) (*harness.Browser, harness.Page) {
	t.Helper()
	b := d.NewBrowser()
	page, err := b.Follow(b.Get(path))
	expect.NoError(t, err)
	page, err = b.SignIn(page, m.email, m.password)
	expect.NoError(t, err)
	return b, page
}

// changePassword submits the page of the password and returns the next page.
func changePassword(t *testing.T, b *harness.Browser, page harness.Page, change map[string]string) harness.Page {
	t.Helper()
	return press(t, b, page, securityPath, change)
}

// withSession returns a browser with the cookies of another, and another value of its session.
func withSession(t *testing.T, d *harness.Deployment, b *harness.Browser, session string) *harness.Browser {
	t.Helper()
	u, err := url.Parse(d.PublicURL)
	expect.NoError(t, err)
	next := d.NewBrowser()
	cookies := b.Client.Jar.Cookies(u)
	for _, c := range cookies {
		if c.Name == harness.SessionCookie {
			c.Value = session
		}
	}
	next.Client.Jar.SetCookies(u, cookies)
	return next
}

func mustShow(t *testing.T, page harness.Page, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page.Body, text) {
			t.Errorf("%s (%d) does not show %q:\n%s", page.URL, page.Status, text, page.Body)
		}
	}
}

// mustList waits until the activity page has a text: the audit trail follows the events of the other
// services.
func mustList(t *testing.T, b *harness.Browser, text string) (page harness.Page) {
	t.Helper()
	expect.Eventually(t, "the activity page has "+text, func() bool {
		page = mustGet(t, b, "/account/activity")
		return strings.Contains(page.Body, text)
	})
	return page
}

// TestAccount_APasswordIsChangedWithTheOldOne: by default every other sign-in ends, also those at the
// user API, and connected clients stay.
func TestAccount_APasswordIsChangedWithTheOldOne(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		ada := join(t, d, "ada.password@example.com")
		b, page := ada.signIn(t, d, securityPath)
		mustShow(t, page, "Change the password") // the sign-in returned here
		there, open := ada.signIn(t, d, securityPath)
		app, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		code, err := b.Approve(harness.Request{})
		expect.NoError(t, err)
		authenticate := fmt.Sprintf(`{"emailAddress":%q,"password":%q}`, ada.email, ada.password)
		user := expect.UserToken(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/authenticate", "", authenticate))

		for _, row := range []struct{ old, to, shown string }{
			{"not the password", "a new password", "The current password is wrong."},
			{ada.password, "too short", "at least 12 characters"},
			{ada.password, ada.password, "is the current one"},
			{ada.password, " ADA.password@example.com", "is your e-mail address"},
			{ada.password, "an invisible\u200b character", "an invisible one"},
			{ada.password, "", "a new one"},
		} {
			page = changePassword(t, b, page, map[string]string{"old_password": row.old, "new_password": row.to})
			mustShow(t, page, row.shown)
		}
		expect.Active(t, d, app.Access, true)
		expect.Equal(t, "another browser is signed in before", signedIn(t, there), true)

		before := b.Cookie(harness.SessionCookie)
		page = changePassword(t, b, page, map[string]string{"old_password": ada.password, "new_password": "a new password"})
		mustShow(t, page, "Your password is changed.")
		expect.Equal(t, "this browser is signed in", signedIn(t, b), true)
		expect.Equal(t, "another browser is signed in", signedIn(t, there), false)
		mustShow(t, changePassword(t, there, open, map[string]string{"old_password": ada.password, "new_password": "another password"}),
			"You were signed out meanwhile, and nothing was changed.", `name="password"`)
		old := get(t, d, securityPath, map[string]string{harness.SessionCookie: before})
		expect.Equal(t, "status with this browser's value before", old.Status, http.StatusSeeOther)
		expect.UserException(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/refresh-access-token", user, ""), http.StatusBadRequest, "ExpiredAccessTokenException")
		expect.UserException(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/authenticate", "", authenticate), http.StatusBadRequest, "InvalidCredentialsException")
		expect.Active(t, d, app.Access, true)
		res, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Failure(t, res, http.StatusUnauthorized, "authentication_error", expect.BadCode)

		page = mustList(t, b, "You changed your password")
		mustShow(t, page, "You signed in", "<bdi>Example App</bdi>", "<bdi>Acme Studio</bdi>")
		log, err := d.Log()
		expect.NoError(t, err)
		if !strings.Contains(log, "a user changed the password") {
			t.Error("the log does not say that a user changed the password")
		}
	})
}

// TestAccount_SignInsStayWhereTheUserWantsIt, and so do user tokens.
func TestAccount_SignInsStayWhereTheUserWantsIt(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		ada := join(t, d, "ada.stays@example.com")
		b, page := ada.signIn(t, d, securityPath)
		there, _ := ada.signIn(t, d, securityPath)
		user := expect.UserToken(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/authenticate", "", fmt.Sprintf(`{"emailAddress":%q,"password":%q}`, ada.email, ada.password)))
		page = changePassword(t, b, page, map[string]string{"old_password": ada.password, "new_password": "a new password", "sign_out_elsewhere": ""})
		mustShow(t, page, "Your password is changed.")
		expect.Equal(t, "another browser is signed in", signedIn(t, there), true)
		expect.UserToken(t, expect.UserAPI(t, d, http.MethodPost, "/api/v1/user/refresh-access-token", user, ""))
	})
}

// TestAccount_ASecondClickIsSignedInToo: the first of two clicks ended the session that the second
// one carries. A form with another password is followed by the sign-in page.
func TestAccount_ASecondClickIsSignedInToo(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		ada := join(t, d, "ada.clicks@example.com")
		b, page := ada.signIn(t, d, securityPath)
		again, err := b.Get(securityPath)
		expect.NoError(t, err)
		first := b.Cookie(harness.SessionCookie)
		mustShow(t, changePassword(t, b, page, map[string]string{"old_password": ada.password, "new_password": "a new password"}), "is changed")
		second := withSession(t, d, b, first) // the browser that has not received the first response
		mustShow(t, changePassword(t, second, again, map[string]string{"old_password": ada.password, "new_password": "a new password"}), "is changed")
		expect.Equal(t, "the browser is signed in", signedIn(t, second), true)

		third := withSession(t, d, b, first)
		wrong := changePassword(t, third, again, map[string]string{"old_password": ada.password, "new_password": "another password"})
		if _, err := wrong.FormWith("password"); err != nil {
			t.Errorf("another password does not lead to the sign-in page: %v", err)
		}
	})
}

// TestAccount_WrongOldPasswordsAreFailedSignIns: they share the budget of the account, and are
// listed as failed sign-ins.
func TestAccount_WrongOldPasswordsAreFailedSignIns(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		ada := join(t, d, "ada.guesses@example.com")
		b, page := ada.signIn(t, d, securityPath)
		failed := 0
		expect.RateLimit{Attempts: 10, Window: 15 * time.Minute}.Exhaust(t, func() time.Duration {
			page = changePassword(t, b, page, map[string]string{"old_password": "not the password", "new_password": "a new password"})
			wait := expect.PageWait(t, page)
			if wait == 0 {
				mustShow(t, page, "The current password is wrong.")
				failed++
			}
			return wait
		})
		page = changePassword(t, b, page, map[string]string{"old_password": ada.password, "new_password": "a new password"})
		mustShow(t, page, "There were too many attempts.", "Try again at")
		expect.Eventually(t, "the failures are listed", func() bool {
			page, err := b.Get("/account/activity")
			expect.NoError(t, err)
			return strings.Contains(page.Body, fmt.Sprintf("%d failed sign-ins", failed)) || strings.Count(page.Body, "failed sign-in") > 1 // around a full hour
		})
	})
}

// TestAccount_AProfileIsReadOnItsPages: the language and the time zone at once, the name by clients
// with the next grant.
func TestAccount_AProfileIsReadOnItsPages(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		ada := join(t, d, "ada.profile@example.com")
		b, page := ada.signIn(t, d, "/account")
		mustShow(t, page, ada.email, `value="Byron"`)
		page = press(t, b, page, "/account", map[string]string{"display_name": "<b>Countess</b> of\u202eLovelace"})
		mustShow(t, page, "A name has 1 to 100 characters that can be seen.", "&lt;b&gt;Countess&lt;/b&gt;")
		page = press(t, b, page, "/account", map[string]string{"display_name": "<b>Countess</b>", "language": "de", "time_zone": "Asia/Kolkata"})
		mustShow(t, page, "Ihr Profil ist gespeichert.", "<bdi class=\"quiet\">&lt;b&gt;Countess&lt;/b&gt;</bdi>", `lang="de"`)
		page, err := b.Get("/account/devices")
		expect.NoError(t, err)
		mustShow(t, page, " IST</time>")
		page = press(t, b, mustGet(t, b, "/account"), "/account", map[string]string{"time_zone": "Mars/Olympus"})
		mustShow(t, page, "Diese Zeitzone gibt es nicht.", `value="Mars/Olympus"`)
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		seen, err := d.JSON("/oauth/introspect", map[string]any{"token": tokens.Access, "client_id": harness.ResourceID, "client_secret": harness.ResourcePW})
		expect.NoError(t, err)
		expect.Equal(t, "the name that clients see", seen.Text("name"), "<b>Countess</b>")
	})
}

func mustGet(t *testing.T, b *harness.Browser, path string) harness.Page {
	t.Helper()
	page, err := b.Get(path)
	expect.NoError(t, err)
	return page
}

// TestAccount_AnAppIsDisconnectedFromOneWorkspace: its tokens there and its pending codes are
// refused from the response on, and those of other workspaces stay.
func TestAccount_AnAppIsDisconnectedFromOneWorkspace(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		ada := join(t, d, "ada.workspaces@example.com")
		b, _ := ada.signIn(t, d, "/account")
		acme, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		doe, err := d.Issue(b, harness.Request{Workspace: "ws_doe"})
		expect.NoError(t, err)
		code, err := b.Approve(harness.Request{Workspace: "ws_doe"})
		expect.NoError(t, err)
		var page harness.Page
		for range 2 { // a second click
			page = press(t, b, mustGet(t, b, "/account/connected-apps"), "/disconnect", map[string]string{"workspace_id": "ws_doe"})
			mustShow(t, page, "<bdi>Example App</bdi> has no access to that workspace any more.", "Acme Studio")
		}
		if strings.Contains(page.Body, "Doe Family") {
			t.Errorf("the workspace is still listed:\n%s", page.Body)
		}
		expect.Active(t, d, acme.Access, true)
		expect.Active(t, d, doe.Access, false)
		for token, want := range map[string]int{acme.Refresh: http.StatusOK, doe.Refresh: http.StatusUnauthorized} {
			res, err := d.Refresh(token)
			expect.NoError(t, err)
			if res.Status != want {
				t.Errorf("a refresh responds %d, want %d", res.Status, want)
			}
		}
		res, err := d.Exchange(code, harness.Request{})
		expect.NoError(t, err)
		expect.Failure(t, res, http.StatusUnauthorized, "authentication_error", expect.BadCode)
		anew, err := d.Issue(b, harness.Request{Workspace: "ws_doe"})
		expect.NoError(t, err)
		expect.Active(t, d, anew.Access, true)
		mustList(t, b, "You disconnected <bdi>Example App</bdi> from <bdi>Doe Family</bdi>")
		page = press(t, b, mustGet(t, b, "/account/connected-apps"), "/disconnect", map[string]string{"workspace_id": "ws_made_up"})
		mustShow(t, page, "There is no such connected app.")
	})
}

// TestAccount_ReuseIsListed with its reason.
func TestAccount_ReuseIsListed(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		ada := join(t, d, "ada.reuse@example.com")
		b, _ := ada.signIn(t, d, "/account")
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		for range 2 {
			_, err := d.Refresh(tokens.Refresh)
			expect.NoError(t, err)
		}
		mustList(t, b, "<bdi>Example App</bdi> was disconnected because its token was used twice")
	})
}

// TestAccount_EventsArePaged: an address that was changed redirects to the first page.
func TestAccount_EventsArePaged(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		ada := join(t, d, "ada.pages@example.com")
		var b *harness.Browser
		for range 51 {
			b, _ = ada.signIn(t, d, "/account")
		}
		expect.Eventually(t, "50 sign-ins on the first page, and one on the next", func() bool {
			page := mustGet(t, b, "/account/activity")
			_, after, _ := strings.Cut(page.Body, `rel="next" href="`)
			address, _, _ := strings.Cut(after, `"`)
			if strings.Count(page.Body, "You signed in") != 50 || address == "" {
				return false
			}
			next := mustGet(t, b, strings.ReplaceAll(address, "&amp;", "&"))
			return strings.Count(next.Body, "You signed in") == 1
		})
		wrong, err := b.Follow(b.Get("/account/activity?after=nonsense"))
		expect.NoError(t, err)
		expect.Equal(t, "sign-ins on the page of a changed address", strings.Count(wrong.Body, "You signed in"), 50)
	})
}
