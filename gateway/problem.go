package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/dialect"
	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/gateway/internal/userapi"
)

// problems answers what no handler answers, as the handlers of the address answer a failure: one of the OAuth dialects, the user
// API's exception, a page for a browser, and the documented shape for everything else.
type problems struct {
	endpoints *dialect.Endpoints
	users     userapi.API
	pages     *page.Pages
	publicURL string
}

// Problem writes the response to a request.
func (p problems) Problem(w http.ResponseWriter, r *http.Request, status int) {
	path := r.URL.EscapedPath()
	switch {
	case slices.Contains(oauthPaths(), path):
		p.endpoints.Problem(w, r, status)
	case path == userapi.Path || strings.HasPrefix(path, userapi.Path+"/"):
		p.users.Problem(w, r, status)
	case !browses(r) || strings.HasPrefix(path, "/v1/"):
		dialect.Problem(w, status)
	case status == http.StatusForbidden:
		p.foreign(w, path)
	case status == http.StatusMethodNotAllowed:
		p.pages.Notice(w, r, page.Notice{
			Status: status, Heading: "This page cannot be opened this way",
			Text: "This address takes only the form of one of our pages, and nothing was sent. Go on from the page that you came from.",
		})
	case status == http.StatusNotFound:
		p.pages.Notice(w, r, page.Notice{Status: status, Heading: "There is no such page", Text: "The address may be mistyped, or what it led to is gone."})
	default:
		p.pages.Problem(w, r, status, explain(status))
	}
}

// NotFound answers a path that is not routed.
func (p problems) NotFound(w http.ResponseWriter, r *http.Request) {
	p.Problem(w, r, http.StatusNotFound)
}

// foreign says to a person whose form was refused where our pages are.
func (p problems) foreign(w http.ResponseWriter, path string) {
	again := p.publicURL + browser.HomePath
	if path == "/signin" {
		again = p.publicURL + path
	}
	p.pages.Render(w, page.View{
		Template: "foreign", Title: "This form was not accepted", Status: http.StatusForbidden,
		Data: page.Foreign{PublicURL: p.publicURL, Again: again},
	})
}

// browses reports whether a person sees the response.
func browses(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// explain is for a person.
func explain(status int) string {
	switch status {
	case http.StatusUnsupportedMediaType:
		return "This address takes the form of our own page."
	case http.StatusInternalServerError:
		return "Something went wrong on our side."
	case http.StatusRequestHeaderFieldsTooLarge:
		return "Your browser sent more than this site reads. Clear this site's cookies and try again."
	}
	return "Your browser's request could not be read."
}
