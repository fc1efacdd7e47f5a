package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/dialect"
	"github.com/vidocu/usher/gateway/internal/page"
	"github.com/vidocu/usher/gateway/internal/registration"
	"github.com/vidocu/usher/gateway/internal/userapi"
)

// problems writes the error response of a request that no handler serves, in the format of its
// path: one of the OAuth dialects, the user API's exception, a page for a browser, and the
// documented JSON for all other paths.
type problems struct {
	endpoints *dialect.Endpoints

	registrations *registration.Endpoints
	users         userapi.API
	pages         *page.Pages
	publicURL     string
}

// Problem writes the error response with a status.
func (p problems) Problem(w http.ResponseWriter, r *http.Request, status int) {
	path := r.URL.EscapedPath()
	switch {
	case slices.Contains(oauthPaths(), path):
		p.endpoints.Problem(w, r, status)
	case path == registration.Path || strings.HasPrefix(path, registration.Path+"/"):
		p.registrations.Problem(w, status)
	case path == userapi.Path || strings.HasPrefix(path, userapi.Path+"/"):
		p.users.Problem(w, r, status, dialect.Explain(status))
	case !browses(r) || strings.HasPrefix(path, "/v1/"):
		dialect.Problem(w, status)
	case status == http.StatusForbidden:
		p.showCrossOrigin(w, r, path)
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

// NotFound responds 404 to a path that has no route.
func (p problems) NotFound(w http.ResponseWriter, r *http.Request) {
	p.Problem(w, r, http.StatusNotFound)
}

// showCrossOrigin shows the address of the right page to a user whose form came from
// another origin.
func (p problems) showCrossOrigin(w http.ResponseWriter, r *http.Request, path string) {
	again := p.publicURL + browser.HomePath
	if path == "/signin" || path == "/device" {
		again = p.publicURL + path
	}
	p.pages.Notice(w, r, page.Notice{
		Status: http.StatusForbidden, Heading: "This form was not accepted",
		Text: "It did not come from a page of %s. Nothing was changed.", Names: []string{p.publicURL},
		Link: page.Link{Address: again, Text: "Open the page there and try again"},
	})
}

// browses reports whether the request accepts HTML, so that the response should be a page.
func browses(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// explain returns the page's text for a status.
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
