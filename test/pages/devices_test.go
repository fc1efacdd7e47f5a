package pages

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

const devicesPath = "/account/devices"

// devices opens the page of a signed-in browser.
func devices(t *testing.T, b *harness.Browser) harness.Page {
	t.Helper()
	page, err := b.Get(devicesPath)
	expect.NoError(t, err)
	expect.Equal(t, "status of the devices", page.Status, http.StatusOK)
	return page
}

// press submits the first form of a page that goes to a path, with other values.
func press(t *testing.T, b *harness.Browser, page harness.Page, path string, change map[string]string) harness.Page {
	t.Helper()
	for _, form := range page.Forms {
		if strings.HasSuffix(form.Action, path) {
			next, err := b.Follow(b.Submit(page, form, change))
			expect.NoError(t, err)
			return next
		}
	}
	t.Fatalf("no form goes to %s", path)
	return page
}

// signedIn reports whether a browser sees its account.
func signedIn(t *testing.T, b *harness.Browser) bool {
	t.Helper()
	page, err := b.Get("/account/connected-apps")
	expect.NoError(t, err)
	return page.Status == http.StatusOK
}

// TestDevices_AUserSignsAnotherBrowserOut, one by one or all of them, and keeps their own. A browser
// that was signed out has no access from the response on, and neither has a program that signed in with
// the password where all are.
func TestDevices_AUserSignsAnotherBrowserOut(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		here, there := expect.SignedIn(t, d, harness.EstherEmail), expect.SignedIn(t, d, harness.EstherEmail)
		page := press(t, here, devices(t, here), devicesPath+"/end", nil)
		for signedIn(t, there) { // the page may list browsers of other tests first
			page = press(t, here, devices(t, here), devicesPath+"/end", nil)
		}
		if !strings.Contains(page.Body, "The device is signed out.") {
			t.Errorf("the page does not say what was done:\n%s", page.Body)
		}
		expect.Equal(t, "this browser is signed in", signedIn(t, here), true)

		const users = "/api/v1/user/"
		program := expect.UserToken(t, expect.UserAPI(t, d, http.MethodPost, users+"authenticate", "",
			`{"emailAddress":"`+harness.EstherEmail+`","password":"`+harness.UserPassword+`"}`))
		who := func() int { return expect.UserAPI(t, d, http.MethodGet, users+harness.EstherEmail, program, "").Status }
		expect.Equal(t, "status of the program's request", who(), http.StatusOK)
		others := []*harness.Browser{expect.SignedIn(t, d, harness.EstherEmail), expect.SignedIn(t, d, harness.EstherEmail)}
		before := here.Cookie(harness.SessionCookie)
		page = press(t, here, devices(t, here), devicesPath+"/end-others", nil)
		if !strings.Contains(page.Body, "Every other device is signed out") || strings.Contains(page.Body, devicesPath+`/end"`) {
			t.Errorf("the page is\n%s", page.Body)
		}
		for _, b := range others {
			expect.Equal(t, "another browser is signed in", signedIn(t, b), false)
		}
		expect.Equal(t, "this browser is signed in", signedIn(t, here), true)
		expect.Equal(t, "status of the program's request after the sign-out", who(), http.StatusBadRequest)
		old := get(t, d, devicesPath, map[string]string{harness.SessionCookie: before})
		expect.Equal(t, "status with this browser's value before", old.Status, http.StatusSeeOther)
	})
}

// TestDevices_ASecondClickSignsThisDeviceOutNever: the first of two clicks replaced the session that
// the second one carries, whether or not the browser has its response.
func TestDevices_ASecondClickSignsThisDeviceOutNever(t *testing.T) {
	const done = "Every other device is signed out"
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		ada := join(t, d, "ada.devices@example.com")
		here, _ := ada.signIn(t, d, devicesPath)
		ada.signIn(t, d, devicesPath)
		page, another := devices(t, here), devices(t, here)
		before := here.Cookie(harness.SessionCookie)
		mustShow(t, press(t, here, page, devicesPath+"/end-others", nil), done)
		mustShow(t, press(t, here, page, devicesPath+"/end-others", nil), done)

		late := withSession(t, d, here, before) // the browser that has not received the first response
		mustShow(t, press(t, late, page, devicesPath+"/end-others", nil), done)
		expect.Equal(t, "the browser is signed in", signedIn(t, late), true)
		expect.Equal(t, "its session", late.Cookie(harness.SessionCookie), here.Cookie(harness.SessionCookie))

		for _, path := range []string{"/end-others", "/end"} {
			thief := withSession(t, d, here, before)
			refused := press(t, thief, another, devicesPath+path, nil)
			if !strings.HasSuffix(refused.URL, "/signin?page=devices") {
				t.Errorf("%s of another page leads to %s", path, refused.URL)
			}
			refused, err := thief.SignIn(refused, ada.email, ada.password)
			expect.NoError(t, err)
			mustShow(t, refused, "Where you are signed in.")
		}
	})
}

// TestDevices_AUserCannotEndAnothersSession, with its identifier or an invented one.
func TestDevices_AUserCannotEndAnothersSession(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		john, esther := expect.SignedIn(t, d, harness.JohnEmail), expect.SignedIn(t, d, harness.EstherEmail)
		expect.SignedIn(t, d, harness.JohnEmail) // so that both pages have a form
		expect.SignedIn(t, d, harness.EstherEmail)
		page := devices(t, john)
		own := devices(t, esther)
		for _, form := range page.Forms {
			if id := form.Values.Get("session_id"); id != "" {
				press(t, esther, own, devicesPath+"/end", map[string]string{"session_id": id})
				own = devices(t, esther)
			}
		}
		expect.Equal(t, "John is signed in", signedIn(t, john), true)
		answer := press(t, esther, own, devicesPath+"/end", map[string]string{"session_id": "invented"})
		if !strings.Contains(answer.Body, "There is no such device.") {
			t.Errorf("the page is\n%s", answer.Body)
		}
	})
}
