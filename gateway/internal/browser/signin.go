package browser

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// The purposes of forms, which are part of their CSRF tokens.
const (
	purposeSignIn  = "sign-in"
	purposeDecide  = "decide"
	purposeAccount = "account"
	purposeDevice  = "device"
)

func signInForm(request string) formPage {
	return formPage{page: pageSignIn, purposes: []string{purposeSignIn, request}, request: request}
}

// SignInPage looks up the authorization before it shows the form: a signed-in user is redirected to
// the next step, and an authorization that is not open is shown without a password field.
func (f Flow) SignInPage(w http.ResponseWriter, r *http.Request) {
	request := parseRequestID(r.URL.Query().Get("request"))
	if request == "" {
		f.showSignInOnly(w, r, signInAlone(r))
		return
	}
	if f.Cookies.Browser(r).IsZero() {
		f.checkCookies(w, r, signInForm(request))
		return
	}
	found, err := f.lookUp(r, request)
	if err != nil {
		f.ShowError(w, r, err)
		return
	}
	flash := f.Cookies.TakeFlash(w, r, pageSignIn, request)
	switch {
	case found.GetState() != authzv1.AuthorizationState_AUTHORIZATION_STATE_OPEN:
		f.showClosed(w, r, request, found)
	case found.GetStep().GetSignIn() == nil:
		f.step(w, r, found.GetStep())
	default:
		f.showSignInFor(w, r, request, found, flash)
	}
}

// signInAlone returns the sign-in page without an authorization, which may redirect to the page for
// devices or to one of the account.
func signInAlone(r *http.Request) formPage {
	from := signInForm("")
	if query := r.URL.Query(); query.Has("device") {
		from.device, from.userCode = true, parseUserCode(query.Get("device"))
	} else if name := query.Get("page"); isAccountPage(name) { // no part of the query becomes a path, except one of the console's
		from.next, from.at = name, consolePath(query.Get("at"))
	}
	return from
}

// after returns the address to which a sign-in without an authorization redirects.
func (o formPage) after() string {
	if o.device {
		return deviceForm(o.userCode).address()
	}
	if o.next == PageConsole {
		return cmp.Or(o.at, DevelopersPath)
	}
	return accountPath(o.next)
}

// showSignInOnly shows the form without an authorization.
func (f Flow) showSignInOnly(w http.ResponseWriter, r *http.Request, from formPage) {
	flash := f.Cookies.TakeFlash(w, r, pageSignIn, "")
	if session := f.Cookies.Session(r); !session.IsZero() {
		_, err := f.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{SessionToken: session.Reveal()})
		if err == nil {
			redirectToPage(w, r, from.after())
			return
		}
		if oerr.Reason(err) != errorv1.Reason_REASON_SESSION_REQUIRED {
			f.ShowError(w, r, err)
			return
		}
	}
	f.showSignIn(w, r, page.SignIn{Email: flash.Email, Fault: f.Fault(flash), Address: from.address(), ForDevice: from.device}, page.View{Title: "Sign in"})
}

// showSignInFor shows the form for an authorization, with the signed-in account where the client
// requests a choice or a new authentication.
func (f Flow) showSignInFor(
	w http.ResponseWriter, r *http.Request, request string, found *authzv1.LookUpAuthorizationResponse, flash Flash,
) {
	data := page.SignIn{
		Request: request, Address: signInForm(request).address(), App: found.GetClientName(), Origin: found.GetRedirectOrigin(), Email: found.GetLoginHint(), Fault: f.Fault(flash),
	}
	view := page.View{Title: "Sign in"}
	if data.App != "" {
		view.Title = "Sign in to continue to %s"
	}
	if reason := found.GetSignInReason(); reason != authzv1.SignInReason_SIGN_IN_REASON_UNSPECIFIED {
		current, err := f.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{SessionToken: f.Cookies.Session(r).Reveal()})
		if err != nil && oerr.Reason(err) != errorv1.Reason_REASON_SESSION_REQUIRED {
			f.ShowError(w, r, err)
			return
		}
		view.Preferred = current.GetSession().GetLanguage()
		switch {
		case reason == authzv1.SignInReason_SIGN_IN_REASON_SELECT_ACCOUNT && err == nil:
			view.Title = "Choose an account to continue to %s"
			data.Person, data.PersonEmail = current.GetSession().GetDisplayName(), current.GetSession().GetEmailAddress()
		case err == nil:
			view.Title = "Sign in again to continue to %s"
			data.Again = true
			if data.Email == "" {
				data.Email = current.GetSession().GetEmailAddress()
			}
		}
	}
	if flash.Email != "" {
		data.Email = flash.Email
	}
	f.showSignIn(w, r, data, view)
}

// showSignIn shows the form. The view has its title, and the language of the user who is signed in.
func (f Flow) showSignIn(w http.ResponseWriter, r *http.Request, data page.SignIn, view page.View) {
	browser := f.Cookies.EnsureBrowser(w, r)
	data.CSRF = f.Cookies.FormToken(browser, f.Cookies.Session(r), signInForm(data.Request).purposes...)
	view.Template, view.TitleName, view.Failed, view.Data = "signin", data.App, data.Fault.Text != "", data
	f.Pages.Render(w, r, view)
}

// SignIn authenticates the user and starts a session with a new identifier, which replaces the
// browser's former session.
func (f Flow) SignIn(w http.ResponseWriter, r *http.Request) {
	if !f.readForm(w, r) {
		return
	}
	from := signInForm(parseRequestID(r.PostForm.Get("request")))
	if from.request == "" {
		from = signInAlone(r)
	}
	if !f.checkForm(w, r, from) {
		return
	}
	switch r.PostForm.Get("decision") {
	case "deny":
		f.cancel(w, r, from)
	case "continue":
		f.continueAs(w, r, from)
	default:
		f.authenticate(w, r, from)
	}
}

// UserAgent returns a request's User-Agent as valid UTF-8, which gRPC requires.
func UserAgent(r *http.Request) string { return strings.ToValidUTF8(r.UserAgent(), "") }

func (f Flow) authenticate(w http.ResponseWriter, r *http.Request, from formPage) {
	email, password := r.PostForm.Get("email"), r.PostForm.Get("password")
	if email == "" || password == "" {
		f.redirectBack(w, r, from, Flash{Kind: flashEmpty, Email: email})
		return
	}
	res, err := f.Sessions.AuthenticateUser(r.Context(), &identityv1.AuthenticateUserRequest{
		EmailAddress: email, Password: password, PreviousSessionToken: f.Cookies.Session(r).Reveal(),
		SourceAddress: f.Proxies.Source(r), UserAgent: UserAgent(r),
	})
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectWithError handles the others
	case errorv1.Reason_REASON_INVALID_CREDENTIALS, errorv1.Reason_REASON_INVALID_REQUEST:
		f.redirectBack(w, r, from, Flash{Kind: flashWrong, Email: email})
		return
	}
	if err != nil {
		f.RedirectWithError(w, r, from, err)
		return
	}
	f.Cookies.SetSession(w, secret.New(res.GetSessionToken()), res.GetSession().GetExpireTime().AsTime())
	f.Cookies.ClearOfSession(w, r) // of the session before, perhaps another user's
	f.resume(w, r, from, res.GetSessionToken())
}

// resume redirects to the next step of an authorization as authz stores it, whatever the form
// contained.
func (f Flow) resume(w http.ResponseWriter, r *http.Request, from formPage, session string) {
	if from.request == "" {
		redirectToPage(w, r, from.after())
		return
	}
	res, err := f.Authorizations.ResumeAuthorization(r.Context(), &authzv1.ResumeAuthorizationRequest{
		RequestId: from.request, SessionToken: session, BrowserToken: f.Cookies.Browser(r).Reveal(),
	})
	if err != nil {
		// The user is signed in, so the sign-in page redirects to the next step, or shows why there
		// is none.
		redirect(w, r, from.path(), from.request)
		return
	}
	f.step(w, r, res.GetStep())
}

// cancel redirects to the client without a sign-in.
func (f Flow) cancel(w http.ResponseWriter, r *http.Request, from formPage) {
	res, err := f.Authorizations.CancelAuthorization(r.Context(), &authzv1.CancelAuthorizationRequest{
		RequestId: from.request, BrowserToken: f.Cookies.Browser(r).Reveal(),
	})
	f.stepOr(w, r, from, res.GetStep(), err)
}

// continueAs continues with the signed-in account.
func (f Flow) continueAs(w http.ResponseWriter, r *http.Request, from formPage) {
	res, err := f.Authorizations.ContinueAuthorization(r.Context(), &authzv1.ContinueAuthorizationRequest{
		RequestId: from.request, SessionToken: f.Cookies.Session(r).Reveal(), BrowserToken: f.Cookies.Browser(r).Reveal(),
	})
	f.stepOr(w, r, from, res.GetStep(), err)
}

func (f Flow) stepOr(w http.ResponseWriter, r *http.Request, from formPage, step *authzv1.Step, err error) {
	switch {
	case oerr.Reason(err) == errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND:
		redirect(w, r, from.path(), from.request) // which shows the state of the authorization
	case err != nil:
		f.RedirectWithError(w, r, from, err)
	default:
		f.step(w, r, step)
	}
}

// SignOut ends the session. It redirects to the sign-in page even where there is none.
func (f Flow) SignOut(w http.ResponseWriter, r *http.Request) {
	if !f.ParseForm(w, r, AccountForm()) {
		return
	}
	if err := f.endSession(w, r); err != nil {
		f.RedirectWithError(w, r, AccountForm(), err)
		return
	}
	redirect(w, r, "/signin", "")
}

func (f Flow) endSession(w http.ResponseWriter, r *http.Request) error {
	_, err := f.Sessions.EndSession(r.Context(), &identityv1.EndSessionRequest{
		SessionToken: f.Cookies.Session(r).Reveal(), SourceAddress: f.Proxies.Source(r), UserAgent: UserAgent(r),
	})
	if err == nil {
		f.Cookies.ClearSession(w, r)
	}
	return err
}
