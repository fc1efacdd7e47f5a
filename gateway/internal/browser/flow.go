package browser

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/status"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/requestid"
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
	// Now is the clock; nil is the process's.
	Now func() time.Time
}

// Authorize is the authorization endpoint (RFC 6749 §3.1). The query goes to authz undecoded.
func (f Flow) Authorize(w http.ResponseWriter, r *http.Request) {
	if !utf8.ValidString(r.URL.RawQuery) {
		f.Pages.Problem(w, r, http.StatusBadRequest, "The address of this page cannot be read: it is wrongly encoded.")
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
		f.Pages.Notice(w, r, page.Notice{
			Status: http.StatusBadRequest, App: step.GetErrorPage().GetClientName(), Text: step.GetErrorPage().GetMessage(),
			Known: "Nothing was shared with any app.",
		})
	}
}

// redirect goes to a page of ours; nothing that a request said becomes an address.
func redirect(w http.ResponseWriter, r *http.Request, path, request string) {
	w.Header().Set("Cache-Control", "no-store")
	if request != "" {
		path += "?request=" + url.QueryEscape(request)
	}
	http.Redirect(w, r, path, http.StatusSeeOther) //nolint:gosec // the path is a constant, and the request is escaped
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

// readForm parses the body. It writes an error page and returns false for a body that no page of ours sends.
func (f Flow) readForm(w http.ResponseWriter, r *http.Request) bool {
	body, err := httpx.ReadBody(w, r)
	if errors.Is(err, httpx.ErrTooLarge) {
		f.Pages.Problem(w, r, http.StatusRequestEntityTooLarge, "The form is too long.")
		return false
	}
	if err == nil {
		r.PostForm, err = url.ParseQuery(string(body))
	}
	if err != nil || !readable(r.PostForm) {
		f.Pages.Problem(w, r, http.StatusBadRequest, "The form could not be read. Go back and try again.")
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

// maxRequest is more than an authorization's identifier has.
const maxRequest = 256

// requested validates the identifier of an authorization in an address or a form. It returns an empty string for a text with
// characters that no identifier has. An identifier that is cut or invented passes: authz reports it as unknown.
func requested(id string) string {
	if len(id) > maxRequest || strings.Trim(id, identifierCharacters) != "" {
		return ""
	}
	return id
}

// identifierCharacters are those of base64url (RFC 4648 §5).
const identifierCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Posted parses a form and checks its token. Where the token does not fit it writes the response and returns false: a redirect
// back to the page, which asks to confirm once more; a redirect to the cookie check where the browser sent no cookie; or 403
// for a form without a token, which no page of ours sends. Without a session, the form of an account page leads to the sign-in.
func (f Flow) Posted(w http.ResponseWriter, r *http.Request, from origin) bool {
	if !f.readForm(w, r) {
		return false
	}
	if from.page == PageAccount && f.Cookies.Session(r).IsZero() {
		redirect(w, r, "/signin", "")
		return false
	}
	return f.checkForm(w, r, from)
}

// origin is the page that a form belongs to.
type origin struct {
	// page is one of the pages of flashes, and purposes what its form token is bound to.
	page     string
	purposes []string
	// request is the authorization that the page is about; empty for none.
	request string
}

// AccountForm is the origin of the forms on account pages.
func AccountForm() origin { return origin{page: PageAccount, purposes: []string{purposeAccount}} }

func (o origin) path() string {
	switch o.page {
	case pageConsent:
		return "/consent"
	case pageSignIn:
		return "/signin"
	}
	return HomePath
}

func (f Flow) checkForm(w http.ResponseWriter, r *http.Request, from origin) bool {
	if r.PostForm.Get("csrf_token") == "" { // every form of ours carries one
		f.Pages.Problem(w, r, http.StatusForbidden, "This form did not come from one of our pages. Nothing was done.")
		return false
	}
	if f.Cookies.Browser(r).IsZero() {
		f.checkCookies(w, r, from.page, from.request)
		return false
	}
	if !f.Cookies.CheckForm(r, from.purposes...) {
		f.redirectBack(w, r, from, Flash{Kind: flashAgain})
		return false
	}
	return true
}

// redirectBack redirects to the page that a form belongs to and leaves a flash for it.
func (f Flow) redirectBack(w http.ResponseWriter, r *http.Request, from origin, flash Flash) {
	f.Cookies.SetFlash(w, r, flash, from.page, from.request)
	redirect(w, r, from.path(), from.request)
}

// RedirectFailure is redirectBack after an RPC failed. Every form can be sent again: each of its RPCs is idempotent or has done
// nothing, and the page reads by itself what was decided already.
func (f Flow) RedirectFailure(w http.ResponseWriter, r *http.Request, from origin, err error) {
	flash := Flash{Kind: flashFailed, Reference: requestid.From(r.Context())}
	switch oerr.Reason(err) { //nolint:exhaustive // the others are faults of ours
	case errorv1.Reason_REASON_RATE_LIMITED:
		after := oerr.RetryAfter(err)
		w.Header().Set("Retry-After", httpx.Seconds(after))
		flash = Flash{Kind: flashLimited, Until: f.now().Add(after).Unix()}
	case errorv1.Reason_REASON_UNAVAILABLE:
		f.log(r, err)
		w.Header().Set("Retry-After", httpx.Seconds(oerr.RetryAfter(err)))
		flash.Kind = flashUnavailable
	default:
		f.log(r, err)
	}
	flash.Email, flash.WorkspaceID = r.PostForm.Get("email"), r.PostForm.Get("workspace_id")
	f.redirectBack(w, r, from, flash)
}

func (f Flow) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// Fault is the sentence of a flash.
func (f Flow) Fault(flash Flash) page.Fault {
	switch flash.Kind {
	case flashEmpty:
		return page.Fault{Text: "Enter your e-mail address and your password.", Field: "email"}
	case flashWrong:
		return page.Fault{Text: "The e-mail address or the password is wrong.", Field: "password"}
	case flashLimited:
		return page.Fault{Text: "There were too many attempts. " + page.TryAgain(f.now(), time.Unix(flash.Until, 0))}
	case flashAgain:
		return page.Fault{Text: "This page was open for too long, or you signed in or out since it was opened. Please confirm once more."}
	case flashUnavailable:
		return page.Fault{Text: "We cannot answer right now. Please try once more in a moment.", Reference: flash.Reference}
	case flashFailed:
		return page.Fault{Text: "Something went wrong on our side. Please try once more.", Reference: flash.Reference}
	case flashUndecided:
		return page.Fault{Text: "Choose to allow or to deny."}
	case flashNoWorkspace:
		return page.Fault{Text: "Choose a workspace.", Field: "workspaces"}
	case flashForbidden:
		return page.Fault{Text: "You are not a member of that workspace any more. Choose another one.", Field: "workspaces"}
	case FlashNoApp:
		return page.Fault{Text: "There is no such connected app."}
	case flashAnswered, flashStale, FlashDisconnected:
	}
	return page.Fault{}
}

// Fail shows a failure of a service as a page.
func (f Flow) Fail(w http.ResponseWriter, r *http.Request, err error) {
	switch oerr.Reason(err) { //nolint:exhaustive // the others are faults of ours
	case errorv1.Reason_REASON_RATE_LIMITED:
		after, now := oerr.RetryAfter(err), f.now()
		w.Header().Set("Retry-After", httpx.Seconds(after))
		f.Pages.Notice(w, r, page.Notice{
			Status: http.StatusTooManyRequests, Text: "There were too many attempts. " + page.TryAgain(now, now.Add(after)),
			Link: page.Link{Address: r.URL.RequestURI(), Text: "Try again"},
		})
	case errorv1.Reason_REASON_UNAVAILABLE:
		f.log(r, err)
		w.Header().Set("Retry-After", httpx.Seconds(oerr.RetryAfter(err)))
		f.Pages.Notice(w, r, page.Notice{
			Status: http.StatusServiceUnavailable, Text: "We cannot answer right now. Nothing is lost: try again in a moment.",
			Link: page.Link{Address: r.URL.RequestURI(), Text: "Try again"},
		})
	default:
		f.log(r, err)
		f.Pages.Notice(w, r, page.Notice{
			Status: http.StatusInternalServerError, Text: "Something went wrong on our side.",
			Link: page.Link{Address: r.URL.RequestURI(), Text: "Try again"},
		})
	}
}

func (f Flow) log(r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // the person has gone, which is no failure
	}
	f.Logger.WarnContext(r.Context(), "a page failed", "path", r.URL.Path, "error", status.Convert(err).Message())
}
