package browser

import (
	"net/http"
	"net/url"

	"github.com/vidocu/usher/gateway/internal/page"
)

// CookieCheckPath is the path of CookieCheck.
const CookieCheckPath = "/cookie-check"

// checkCookies sets the browser cookie and redirects to CookieCheck, which checks that the browser
// sends it.
func (f Flow) checkCookies(w http.ResponseWriter, r *http.Request, from formPage) {
	f.Cookies.EnsureBrowser(w, r)
	q := url.Values{"page": {from.page}}
	if from.request != "" {
		q.Set("request", from.request)
	}
	if from.device || from.userCode != "" {
		q.Set("device", from.userCode)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, CookieCheckPath+"?"+q.Encode(), http.StatusSeeOther)
}

// CookieCheck redirects back to the page where the browser sent its cookie, and shows that cookies
// are needed otherwise.
func (f Flow) CookieCheck(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	back := formPage{page: PageAccount, request: parseRequestID(query.Get("request"))}
	switch query.Get("page") { // no part of the query becomes a path
	case pageSignIn:
		back.page, back.device, back.userCode = pageSignIn, query.Has("device"), parseUserCode(query.Get("device"))
	case pageConsent:
		back.page = pageConsent
	case pageDevice:
		back.page, back.userCode = pageDevice, parseUserCode(query.Get("device"))
	}
	if f.Cookies.Browser(r).IsZero() {
		f.Pages.Notice(w, r, page.Notice{
			Status: http.StatusBadRequest, Heading: "Cookies are needed",
			Text: "This browser keeps no cookies of this site. Without them we cannot tell that the next page is still you. Allow cookies for this site, then try again.",
			Link: page.Link{Address: back.address(), Text: "Try again"},
		})
		return
	}
	redirectToPage(w, r, back.address())
}
