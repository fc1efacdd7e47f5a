package browser

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// HomePath is where a person without an authorization in progress belongs.
const HomePath = "/account/connected-apps"

// Flow serves the pages of an authorization.
type Flow struct {
	Cookies Cookies
	Pages   *page.Pages
	Logger  *slog.Logger
	// Proxies tell where a request came from.
	Proxies        httpx.Proxies
	Sessions       identityv1.SessionServiceClient
	Authorizations authzv1.AuthorizationServiceClient
	Consents       consentv1.ConsentServiceClient
}

// Authorize is the authorization endpoint (RFC 6749 §3.1). The query goes to authz undecoded.
func (f Flow) Authorize(w http.ResponseWriter, r *http.Request) {
	if !utf8.ValidString(r.URL.RawQuery) {
		f.Pages.Problem(w, http.StatusBadRequest, "The address of this page cannot be read: it is wrongly encoded.")
		return
	}
	res, err := f.Authorizations.StartAuthorization(r.Context(), &authzv1.StartAuthorizationRequest{
		RawQuery: r.URL.RawQuery, SessionToken: f.Cookies.Session(r).Reveal(), BrowserToken: f.Cookies.EnsureBrowser(w, r).Reveal(),
		SourceAddress: f.Proxies.Source(r),
	})
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	f.step(w, r, res.GetStep())
}

// step leads the browser on. Every redirect after a form is 303, so that nothing posted is posted again elsewhere.
func (f Flow) step(w http.ResponseWriter, r *http.Request, step *authzv1.Step) {
	switch {
	case step.GetRedirect() != nil:
		Leave(w, step.GetRedirect().GetLocation())
	case step.GetSignIn() != nil:
		redirect(w, r, "/signin", step.GetSignIn().GetRequestId())
	case step.GetConsent() != nil:
		redirect(w, r, "/consent", step.GetConsent().GetRequestId())
	default:
		f.Pages.Problem(w, http.StatusBadRequest, step.GetErrorPage().GetMessage())
	}
}

// redirect goes to a page of ours; nothing that a request said becomes an address.
func redirect(w http.ResponseWriter, r *http.Request, path, request string) {
	w.Header().Set("Cache-Control", "no-store")
	if request != "" {
		path += "?request=" + url.QueryEscape(request)
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
}

// Leave sends the browser to an address that authz made. It writes the header itself: http.Redirect would put the address,
// and with it a code, into a body too.
func Leave(w http.ResponseWriter, location string) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
}

// posted reads a form of ours; it answers the request itself when there is none.
func (f Flow) posted(w http.ResponseWriter, r *http.Request) bool {
	body, err := httpx.ReadBody(w, r)
	if errors.Is(err, httpx.ErrTooLarge) {
		f.Pages.Problem(w, http.StatusRequestEntityTooLarge, "The form is too long.")
		return false
	}
	if err == nil {
		r.PostForm, err = url.ParseQuery(string(body))
	}
	if err != nil || !readable(r.PostForm) {
		f.Pages.Problem(w, http.StatusBadRequest, "The form could not be read. Go back and try again.")
		return false
	}
	return true
}

// readable says that a form holds text and nothing else; gRPC carries no other.
func readable(form url.Values) bool {
	for name, values := range form {
		for _, text := range append([]string{name}, values...) {
			if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
				return false
			}
		}
	}
	return true
}

// requested is the authorization that a page's address names; empty when it names none.
func requested(r *http.Request) string {
	id := r.URL.Query().Get("request")
	if !secret.ValidCode(id) {
		return ""
	}
	return id
}

// Posted reads a form of ours and proves that it is; it answers the request itself when not. Purpose gets the form's values.
func (f Flow) Posted(w http.ResponseWriter, r *http.Request, purpose func(url.Values) []string) bool {
	if !f.posted(w, r) {
		return false
	}
	if !f.Cookies.CheckForm(r, purpose(r.PostForm)...) {
		f.Pages.Problem(w, http.StatusForbidden, "This form is no longer valid, or it did not come from our page in this browser. Go back, reload the page and try again.")
		return false
	}
	return true
}

// Fail shows a failure of a service as a page.
func (f Flow) Fail(w http.ResponseWriter, r *http.Request, err error) {
	switch oerr.Reason(err) { //nolint:exhaustive // the others are faults of ours
	case errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND:
		f.Pages.Problem(w, http.StatusBadRequest, "This request has ended, was already answered, or was begun in another browser or by another person. Go back to the app and start again.")
	case errorv1.Reason_REASON_AUTHORIZATION_STALE:
		f.Pages.Problem(w, http.StatusBadRequest, "The app's access was ended while this page was open. Go back to the app and start again.")
	case errorv1.Reason_REASON_WORKSPACE_FORBIDDEN:
		f.Pages.Problem(w, http.StatusForbidden, "You are not a member of that workspace any more.")
	case errorv1.Reason_REASON_RATE_LIMITED:
		w.Header().Set("Retry-After", httpx.Seconds(oerr.RetryAfter(err)))
		f.Pages.Problem(w, http.StatusTooManyRequests, "There were too many attempts. Wait a little and try again.")
	case errorv1.Reason_REASON_UNAVAILABLE:
		f.log(r, err)
		w.Header().Set("Retry-After", httpx.Seconds(oerr.RetryAfter(err)))
		f.Pages.Problem(w, http.StatusServiceUnavailable, "We cannot answer right now. Nothing is lost: try again in a moment.")
	default:
		f.log(r, err)
		f.Pages.Problem(w, http.StatusInternalServerError, "Something went wrong on our side.")
	}
}

func (f Flow) log(r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // the person has gone, which is no failure
	}
	f.Logger.WarnContext(r.Context(), "a page failed", "path", r.URL.Path, "error", status.Convert(err).Message())
}
