package browser

import (
	"cmp"
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
	"github.com/vidocu/usher/gateway/internal/refusal"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/requestid"
)

// Flow serves the pages of an authorization.
type Flow struct {
	Cookies Cookies
	Pages   *page.Pages
	Logger  *slog.Logger
	// PublicURL is the origin of the pages.
	PublicURL string
	// Proxies are trusted for the client's address.
	Proxies        httpx.Proxies
	Sessions       identityv1.SessionServiceClient
	Authorizations authzv1.AuthorizationServiceClient
	Devices        authzv1.DeviceServiceClient
	Consents       consentv1.ConsentServiceClient
	// OpenID verifies ID tokens; nil where OpenID Connect is off.
	OpenID  tokenv1.OpenIDServiceClient
	Logouts authzv1.LogoutServiceClient
	// ConnectedApps disconnects the user's clients at a logout.
	ConnectedApps consentv1.ConnectedAppServiceClient
	// Catalog has the groups and the access of scopes.
	Catalog *catalog.Source
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

const (
	textMalformed  = "The address of this page cannot be read: it is wrongly encoded."
	textUnreadable = "The form could not be read. Go back and try again."
)

// Authorize is the authorization endpoint (RFC 6749 §3.1). It passes the query to authz undecoded.
func (f Flow) Authorize(w http.ResponseWriter, r *http.Request) {
	if !utf8.ValidString(r.URL.RawQuery) {
		f.Pages.Problem(w, r, http.StatusBadRequest, textNotUTF8)
		return
	}
	query, _ := url.ParseQuery(r.URL.RawQuery) // has the parameters that can be read
	pushed := strings.HasPrefix(query.Get("request_uri"), oauth.PushedPrefix)
	if !pushed {
		f.setUILocales(w, r, query.Get(paramUILocales))
	}
	hint, err := f.idTokenHint(r, r.URL.RawQuery)
	if err != nil {
		f.ShowError(w, r, err)
		return
	}
	res, err := f.Authorizations.StartAuthorization(r.Context(), &authzv1.StartAuthorizationRequest{
		IdTokenHint: authzHint(hint), SilentConsentSupported: true,
		RawQuery: r.URL.RawQuery, SessionToken: f.Cookies.Session(r).Reveal(), BrowserToken: f.Cookies.EnsureBrowser(w, r).Reveal(),
		SourceAddress: f.Proxies.Source(r),
	})
	if err != nil {
		f.ShowError(w, r, err)
		return
	}
	if pushed { // no other parameter in the browser counts (RFC 9126 §4)
		f.setUILocales(w, r, res.GetUiLocales())
	}
	f.step(w, r, res.GetStep())
}

// setUILocales sets the language of the pages that follow by the parameter ui_locales of a request (OpenID
// Connect Core §3.1.2.1), which concerns the pages only; empty for none.
func (f Flow) setUILocales(w http.ResponseWriter, r *http.Request, locales string) {
	f.Cookies.SetLanguage(w, r, f.Pages.MatchUILocales(locales))
}

// step redirects to the next step. Every redirect after a form has the status 303, so that the
// browser does not repeat the POST (RFC 9700 §4.12).
func (f Flow) step(w http.ResponseWriter, r *http.Request, step *authzv1.Step) {
	switch {
	case step.GetRedirect() != nil:
		RedirectTo(w, step.GetRedirect().GetLocation())
	case step.GetSignIn() != nil:
		redirect(w, r, "/signin", step.GetSignIn().GetRequestId())
	case step.GetConsent() != nil:
		redirect(w, r, "/consent", step.GetConsent().GetRequestId())
	case step.GetSilentConsent() != nil:
		f.decideSilently(w, r, step.GetSilentConsent().GetRequestId())
	case step.GetReturnPage() != nil:
		redirect(w, r, returnPagePath, step.GetReturnPage().GetRequestId())
	default:
		f.showRefusal(w, r, step)
	}
}

// retryTemporary is the time after which a request that failed for the moment may be repeated.
const retryTemporary = 30 * time.Second

// showRefusal shows why a request was refused: its client is not known, or not the address that it
// wants to return to.
func (f Flow) showRefusal(w http.ResponseWriter, r *http.Request, step *authzv1.Step) {
	refused := step.GetErrorPage()
	n := page.Notice{
		Status: http.StatusBadRequest, App: refused.GetClientName(), Text: refused.GetMessage(), Names: refused.GetNames(),
		English: len(refused.GetNames()) > 1, // a description's address, and what is wrong with it
		Known:   "Nothing was shared with any app.", Tell: page.Contact{Address: refused.GetClientUri(), Name: cmp.Or(refused.GetPublisher(), refused.GetClientName())},
	}
	n.Author = authorLink(refused.GetClientId(), requestid.From(r.Context()))
	if said := mistakeOf(step.GetRefusal().GetCause()); said != "" && n.App != "" {
		n.Heading, n.Text, n.Technical = "%s made a mistake", said, refused.GetMessage()
	}
	if refused.GetTemporary() {
		w.Header().Set("Retry-After", httpx.Seconds(retryTemporary))
		n.Status, n.Link = http.StatusServiceUnavailable, page.Link{Address: r.URL.RequestURI(), Text: "Try again"}
	}
	f.Pages.Notice(w, r, n)
}

// authorLink returns the address of a refused request in the log of a client that a workspace owns; empty
// for none.
func authorLink(client, request string) string {
	if client == "" {
		return ""
	}
	return DevelopersPath + "/apps/" + url.PathEscape(client) + "/requests?request_id=" + url.QueryEscape(request)
}

// redirect redirects to a page of the gateway. No part of the request becomes a path.
func redirect(w http.ResponseWriter, r *http.Request, path, request string) {
	if request != "" {
		path += "?request=" + url.QueryEscape(request)
	}
	redirectToPage(w, r, path)
}

// redirectToPage redirects to the address of a page of the gateway.
func redirectToPage(w http.ResponseWriter, r *http.Request, address string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusSeeOther) //nolint:gosec // the path is a constant, and the query is escaped
}

// RedirectTo redirects to an address from authz. It does not use http.Redirect, which would write
// the address, and with it a code, into the body.
func RedirectTo(w http.ResponseWriter, location string) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
}

// showUnreadable is the page for a form that is not whole, or not one.
func (f Flow) showUnreadable(w http.ResponseWriter, r *http.Request) {
	refusal.NoteCause(r.Context(), errorv1.Cause_CAUSE_BODY_MALFORMED)
	f.Pages.Problem(w, r, http.StatusBadRequest, textUnreadable)
}

// readForm parses the body. It writes an error page and returns false for a body that none of the
// gateway's pages sends.
func (f Flow) readForm(w http.ResponseWriter, r *http.Request) bool {
	err := parseBody(w, r)
	switch {
	case errors.Is(err, httpx.ErrTooLarge): // the fields of these pages are short, and the body says which page it is
		f.Pages.Problem(w, r, http.StatusRequestEntityTooLarge, "The form is too long.")
	case err != nil:
		f.showUnreadable(w, r)
	}
	return err == nil
}

// parseBody parses the body of a form. It returns httpx.ErrTooLarge, or another error for one that
// cannot be parsed.
func parseBody(w http.ResponseWriter, r *http.Request) error {
	body, err := httpx.ReadBody(w, r)
	if err != nil {
		return err
	}
	if r.PostForm, err = url.ParseQuery(string(body)); err == nil && !isPlainText(r.PostForm) {
		err = errNotText
	}
	return err
}

var errNotText = errors.New("a form is not valid text")

// isPlainText reports whether a form is valid UTF-8 without NUL, as gRPC and PostgreSQL require.
func isPlainText(form url.Values) bool {
	for name, values := range form {
		for _, text := range append([]string{name}, values...) {
			if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
				return false
			}
		}
	}
	return true
}

// maxRequest is the maximum length of an authorization's identifier.
const maxRequest = 256

// parseRequestID validates the identifier of an authorization in an address or a form. It returns
// an empty string for a value with characters that no identifier has. A truncated or forged
// identifier passes: authz reports it as unknown.
func parseRequestID(id string) string {
	if len(id) > maxRequest || strings.Trim(id, identifierCharacters) != "" {
		return ""
	}
	return id
}

// identifierCharacters are those of base64url (RFC 4648 §5).
const identifierCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// ParseForm parses a form and checks its CSRF token. Where the token does not match it writes the
// response and returns false: a redirect back to the page, which asks for confirmation; a redirect
// to the cookie check where the browser sent no cookie; or 403 for a form without a token, which
// none of the gateway's pages sends. Without a session, the form of an account page redirects to
// the sign-in page. A form of the console that is too long, such as a manifest, redirects back to the page,
// which says so; any other one is 413, since no person writes so much.
func (f Flow) ParseForm(w http.ResponseWriter, r *http.Request, from formPage) bool {
	switch err := parseBody(w, r); {
	case errors.Is(err, httpx.ErrTooLarge) && from.page != PageConsole:
		f.Pages.Problem(w, r, http.StatusRequestEntityTooLarge, "The form is too long.")
		return false
	case errors.Is(err, httpx.ErrTooLarge):
		f.redirectTooLong(w, r, from, Flash{Kind: flashTooLong, Lost: true})
		return false
	case err != nil:
		f.showUnreadable(w, r)
		return false
	}
	return f.checkForm(w, r, from)
}

// formPage is the page that a form belongs to.
type formPage struct {
	// page is one of the pages with flashes; purposes are bound into its CSRF token.
	page     string
	purposes []string
	// request is the authorization of the page; empty for none.
	request string
	// named is the part of a consent page's CSRF token that names the page; empty for other pages.
	named string
	// device says that a sign-in page redirects to the page for devices.
	device bool
	// next is the page of the account that a sign-in page redirects to; empty for the usual one.
	next string
	// at is the path of the page of the developer console, or the one that a sign-in page redirects to.
	at string
	// userCode is the code of the page for devices, as devices show it; empty for none.
	userCode string
	// logout are the parameters of the page of a logout request.
	logout url.Values
	// submitted is the message of a form that begins a new session, for the second of two clicks; empty for
	// the other forms.
	submitted FlashKind
}

func (o formPage) path() string {
	switch o.page {
	case pageConsent:
		return "/consent"
	case pageDevice:
		return devicePath
	case pageSignIn:
		return "/signin"
	case pageLogout:
		return LogoutPath
	case PageConsole:
		return cmp.Or(o.at, DevelopersPath)
	}
	return accountPath(o.page)
}

// address returns the page's path with what belongs to it. No part of a request becomes a path.
func (o formPage) address() string {
	switch {
	case o.page == pageDevice && o.userCode != "":
		return o.path() + "?user_code=" + url.QueryEscape(o.userCode)
	case o.page == pageLogout:
		return o.path() + "?" + o.logout.Encode()
	case o.device:
		return o.path() + "?device=" + url.QueryEscape(o.userCode)
	case o.next == PageConsole:
		return o.path() + "?page=" + o.next + "&at=" + url.QueryEscape(o.at)
	case o.next != "":
		return o.path() + "?page=" + o.next
	case o.request != "" && !o.account():
		return o.path() + "?request=" + url.QueryEscape(o.request)
	}
	return o.path()
}

// redirectTooLong redirects to the page of a form whose body is not read. Its CSRF token is not known,
// and nothing is done that it would protect.
func (f Flow) redirectTooLong(w http.ResponseWriter, r *http.Request, from formPage, flash Flash) {
	switch {
	case from.account() && f.Cookies.Session(r).IsZero():
		f.RedirectToSignInFor(w, r, from.path())
	case f.Cookies.Browser(r).IsZero():
		f.checkCookies(w, r, from)
	default:
		f.redirectBack(w, r, from, flash)
	}
}

// checkForm checks the session and the CSRF token of a form that was parsed, as ParseForm says.
func (f Flow) checkForm(w http.ResponseWriter, r *http.Request, from formPage) bool {
	if from.account() && f.Cookies.Session(r).IsZero() {
		f.RedirectToSignInFor(w, r, from.path())
		return false
	}
	if r.PostForm.Get("csrf_token") == "" { // every form of the gateway's pages has one
		f.Pages.Problem(w, r, http.StatusForbidden, "This form did not come from one of our pages. Nothing was done.")
		return false
	}
	if f.Cookies.Browser(r).IsZero() {
		f.checkCookies(w, r, from)
		return false
	}
	if !f.Cookies.CheckForm(r, from.purposes...) {
		flash := Flash{Kind: flashAgain}
		if from.submitted != "" && f.Cookies.Submitted(r) {
			flash.Kind = from.submitted
		} else if from.keepsInput() && (from.page != pageConsent || r.PostForm.Get("reason") != "") {
			f.keepOrLose(r, &flash)
		}
		f.redirectBack(w, r, from, flash)
		return false
	}
	return true
}

// redirectBack redirects to the page that a form belongs to, with a flash.
func (f Flow) redirectBack(w http.ResponseWriter, r *http.Request, from formPage, flash Flash) {
	f.Cookies.SetFlash(w, r, flash, from.page, from.request)
	redirectToPage(w, r, from.address())
}

// RedirectWithError is redirectBack after an RPC failed. Every form can be sent again: each of its
// RPCs is idempotent or changed nothing, and the page shows a decision that was made already.
func (f Flow) RedirectWithError(w http.ResponseWriter, r *http.Request, from formPage, err error) {
	if oerr.Cause(err) == errorv1.Cause_CAUSE_QUERY_MALFORMED {
		f.Pages.Problem(w, r, http.StatusBadRequest, textMalformed)
		return
	}
	flash := Flash{Kind: flashFailed, Reference: requestid.From(r.Context())}
	switch oerr.Reason(err) { //nolint:exhaustive // the others are internal errors
	case errorv1.Reason_REASON_RATE_LIMITED:
		after := oerr.RetryAfter(err)
		w.Header().Set("Retry-After", httpx.Seconds(after))
		flash = Flash{Kind: flashLimited, Until: f.Time().Add(after).Unix()}
	case errorv1.Reason_REASON_UNAVAILABLE:
		f.Log(r, err)
		w.Header().Set("Retry-After", httpx.Seconds(oerr.RetryAfter(err)))
		flash.Kind = flashUnavailable
	default:
		f.Log(r, err)
	}
	flash.Email, flash.WorkspaceID, flash.UserCode = r.PostForm.Get("email"), r.PostForm.Get("workspace_id"), r.PostForm.Get("user_code")
	chosen, scopes := scopesOf(r.PostForm)
	flash.ScopesChosen, flash.Scopes = chosen, strings.Join(scopes, " ")
	if from.keepsInput() {
		flash.Typed = input(r.PostForm)
	}
	f.redirectBack(w, r, from, flash)
}

// Time returns the current time.
func (f Flow) Time() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// Fault returns the error message of a flash; without a text for a flash that is none.
func (f Flow) Fault(flash Flash) page.Fault {
	if flash.Kind == "" {
		return page.Fault{}
	}
	fault := map[FlashKind]page.Fault{
		flashEmpty:       {Text: "Enter your e-mail address and your password.", Field: "email"},
		flashWrong:       {Text: "The e-mail address or the password is wrong.", Field: "password"},
		flashLimited:     {Text: "There were too many attempts.", Wait: &page.Wait{Now: f.Time(), At: time.Unix(flash.Until, 0).UTC()}},
		flashAgain:       {Text: "This page was open for too long, or you signed in or out since it was opened. Please confirm once more."},
		flashSignedOut:   {Text: "You were signed out meanwhile, and nothing was changed. Sign in and do it once more."},
		flashUnavailable: {Text: "We cannot answer right now. Please try once more in a moment."},
		flashFailed:      {Text: "Something went wrong on our side. Please try once more."},
		flashTooLong:     {Text: "The form is too long: at most 64 KiB can be sent at once. Nothing was changed."},
		flashFileTooLong: {Text: "The file is too large: at most 64 KiB are allowed. Nothing was changed.", Field: flash.Field},
		flashUndecided:   {Text: "Choose to allow or to deny."},
		flashNoWorkspace: {Text: "Choose a workspace.", Field: "workspaces"},
		flashForbidden:   {Text: "You are not a member of that workspace any more. Choose another one.", Field: "workspaces"},
		flashFull:        {Text: "As many people use this app as may use one that nobody here has checked. Nothing was decided."},
		flashPolicy:      {Text: "This workspace's administrators do not let this app be connected. Nothing was shared. Choose another workspace, or ask them.", Field: "workspaces"},
		flashReason:      {Text: "A reason has at most 500 characters. Nothing was asked.", Field: "ask"},
		flashNoScope:     {Text: "Choose at least one permission, or deny.", Field: "permissions"},
		flashScopes:      {Text: "What this app asks for has changed since this page was opened. Nothing was decided. Look at it once more.", Field: "permissions"},
		flashNoUserCode:  {Text: "No device waits with this code. Compare it with the one that your device shows: codes last for some minutes.", Field: "user_code"},

		FlashNoApp:              {Text: "There is no such connected app."},
		FlashNoDevice:           {Text: "There is no such device."},
		FlashProfile:            {Text: profileFault(flash.Field), Field: flash.Field},
		FlashPasswordsEmpty:     {Text: "Enter your current password and a new one.", Field: "old_password"},
		FlashPasswordWrong:      {Text: "The current password is wrong.", Field: "old_password"},
		FlashPasswordShort:      {Text: "The new password needs at least 12 characters.", Field: "new_password"},
		FlashPasswordLong:       {Text: "The new password is too long: at most 1,024 bytes are allowed.", Field: "new_password"},
		FlashPasswordCharacters: {Text: "The new password has a control character or an invisible one, which not every keyboard writes.", Field: "new_password"},
		FlashPasswordSame:       {Text: "The new password is the current one. Choose another.", Field: "new_password"},
		FlashPasswordAddress:    {Text: "The new password is your e-mail address. Choose another.", Field: "new_password"},
	}[flash.Kind]
	fault.Reference, fault.Lost, fault.Gone = flash.Reference, flash.Lost, flash.Gone // of the kinds that have them
	return fault
}

// ShowError shows the error of an RPC as a page.
func (f Flow) ShowError(w http.ResponseWriter, r *http.Request, err error) {
	switch oerr.Reason(err) { //nolint:exhaustive // the others are internal errors
	case errorv1.Reason_REASON_RATE_LIMITED:
		after, now := oerr.RetryAfter(err), f.Time()
		w.Header().Set("Retry-After", httpx.Seconds(after))
		f.Pages.Notice(w, r, page.Notice{
			Status: http.StatusTooManyRequests, Text: "There were too many attempts.", Wait: &page.Wait{Now: now, At: now.Add(after).UTC()},
			Link: page.Link{Address: r.URL.RequestURI(), Text: "Try again"},
		})
	case errorv1.Reason_REASON_UNAVAILABLE:
		f.Log(r, err)
		w.Header().Set("Retry-After", httpx.Seconds(oerr.RetryAfter(err)))
		f.Pages.Notice(w, r, page.Notice{
			Status: http.StatusServiceUnavailable, Text: "We cannot answer right now. Nothing is lost: try again in a moment.",
			Link: page.Link{Address: r.URL.RequestURI(), Text: "Try again"},
		})
	default:
		f.Log(r, err)
		f.Pages.Notice(w, r, page.Notice{
			Status: http.StatusInternalServerError, Text: "Something went wrong on our side.",
			Link: page.Link{Address: r.URL.RequestURI(), Text: "Try again"},
		})
	}
}

// Log logs an error of an RPC that a page does without.
func (f Flow) Log(r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // the client has disconnected
	}
	f.Logger.WarnContext(r.Context(), "a page failed", "path", r.URL.Path, "error", status.Convert(err).Message())
}
