package browser

import (
	"net/http"
	"net/url"

	"github.com/vidocu/usher/gateway/internal/page"
)

// CookieCheckPath is where a browser shows whether it keeps cookies.
const CookieCheckPath = "/cookie-check"

// checkCookies finds out whether a browser without our cookie keeps cookies at all: it sets one and looks on the next page
// whether it came back.
func (f Flow) checkCookies(w http.ResponseWriter, r *http.Request, from, request string) {
	f.Cookies.EnsureBrowser(w, r)
	q := url.Values{"page": {from}}
	if request != "" {
		q.Set("request", request)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, CookieCheckPath+"?"+q.Encode(), http.StatusSeeOther)
}

// CookieCheck leads back to the page, where the browser keeps cookies, and says that they are needed where it does not.
func (f Flow) CookieCheck(w http.ResponseWriter, r *http.Request) {
	back := origin{page: PageAccount}
	switch r.URL.Query().Get("page") { // nothing that an address says becomes one
	case pageSignIn:
		back.page = pageSignIn
	case pageConsent:
		back.page = pageConsent
	}
	request := requested(r.URL.Query().Get("request"))
	if f.Cookies.Browser(r).IsZero() {
		address := back.path()
		if request != "" && back.page != PageAccount {
			address += "?request=" + url.QueryEscape(request)
		}
		f.Pages.Tell(w, r, page.Notice{
			Status: http.StatusBadRequest, Heading: "Cookies are needed",
			Text: "This browser keeps no cookies of this site. Without them we cannot tell that the next page is still you. Allow cookies for this site, then try again.",
			Link: page.Link{Address: address, Text: "Try again"},
		})
		return
	}
	redirect(w, r, back.path(), request)
}
