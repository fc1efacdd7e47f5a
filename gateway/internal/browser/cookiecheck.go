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
func (f Flow) checkCookies(w http.ResponseWriter, r *http.Request, from, request string) {
	f.Cookies.EnsureBrowser(w, r)
	q := url.Values{"page": {from}}
	if request != "" {
		q.Set("request", request)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, CookieCheckPath+"?"+q.Encode(), http.StatusSeeOther)
}

// CookieCheck redirects back to the page where the browser sent its cookie, and shows that cookies
// are needed otherwise.
func (f Flow) CookieCheck(w http.ResponseWriter, r *http.Request) {
	back := formPage{page: PageAccount}
	switch r.URL.Query().Get("page") { // no part of the query becomes an address
	case pageSignIn:
		back.page = pageSignIn
	case pageConsent:
		back.page = pageConsent
	}
	request := parseRequestID(r.URL.Query().Get("request"))
	if f.Cookies.Browser(r).IsZero() {
		address := back.path()
		if request != "" && back.page != PageAccount {
			address += "?request=" + url.QueryEscape(request)
		}
		f.Pages.Notice(w, r, page.Notice{
			Status: http.StatusBadRequest, Heading: "Cookies are needed",
			Text: "This browser keeps no cookies of this site. Without them we cannot tell that the next page is still you. Allow cookies for this site, then try again.",
			Link: page.Link{Address: address, Text: "Try again"},
		})
		return
	}
	redirect(w, r, back.path(), request)
}
