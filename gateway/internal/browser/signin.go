package browser

import (
	"net/http"
	"net/url"

	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// The purposes of forms.
const (
	purposeSignIn  = "sign-in"
	purposeDecide  = "decide"
	purposeAccount = "account"
)

// SignInPage shows the form.
func (f Flow) SignInPage(w http.ResponseWriter, r *http.Request) {
	f.showSignIn(w, r, page.SignIn{Request: requested(r)}, http.StatusOK)
}

func (f Flow) showSignIn(w http.ResponseWriter, r *http.Request, data page.SignIn, status int) {
	browser := f.Cookies.EnsureBrowser(w, r)
	data.CSRF = f.Cookies.FormToken(browser, f.Cookies.Session(r), purposeSignIn, data.Request)
	f.Pages.Render(w, page.View{Template: "signin", Title: "Sign in", Status: status, Data: data})
}

// SignIn checks the form and begins a session with a new value; the browser's former session ends with it.
func (f Flow) SignIn(w http.ResponseWriter, r *http.Request) {
	if !f.Posted(w, r, func(form url.Values) []string { return []string{purposeSignIn, form.Get("request")} }) {
		return
	}
	request, email, password := r.PostForm.Get("request"), r.PostForm.Get("email"), r.PostForm.Get("password")
	if email == "" || password == "" {
		f.showSignIn(w, r, page.SignIn{Request: request, Email: email, Problem: "Enter your e-mail address and your password."}, http.StatusBadRequest)
		return
	}
	res, err := f.Sessions.AuthenticateUser(r.Context(), &identityv1.AuthenticateUserRequest{
		EmailAddress: email, Password: password, PreviousSessionToken: f.Cookies.Session(r).Reveal(),
		SourceAddress: f.Proxies.Source(r),
	})
	switch oerr.Reason(err) { //nolint:exhaustive // Fail knows the others
	case errorv1.Reason_REASON_INVALID_CREDENTIALS, errorv1.Reason_REASON_INVALID_REQUEST:
		f.showSignIn(w, r, page.SignIn{Request: request, Email: email, Problem: "The e-mail address or the password is wrong."}, http.StatusBadRequest)
		return
	}
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	f.Cookies.SetSession(w, secret.New(res.GetSessionToken()), res.GetSession().GetExpireTime().AsTime())
	f.resume(w, r, request, res.GetSessionToken())
}

// resume asks authz for the next step of an authorization, which is state and not what the form said.
func (f Flow) resume(w http.ResponseWriter, r *http.Request, request, session string) {
	if request == "" {
		redirect(w, r, HomePath, "")
		return
	}
	res, err := f.Authorizations.ResumeAuthorization(r.Context(), &authzv1.ResumeAuthorizationRequest{
		RequestId: request, SessionToken: session, BrowserToken: f.Cookies.Browser(r).Reveal(),
	})
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	f.step(w, r, res.GetStep())
}

// SignOut ends the session everywhere.
func (f Flow) SignOut(w http.ResponseWriter, r *http.Request) {
	if !f.Posted(w, r, AccountForm) {
		return
	}
	_, err := f.Sessions.EndSession(r.Context(), &identityv1.EndSessionRequest{SessionToken: f.Cookies.Session(r).Reveal()})
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	f.Cookies.ClearSession(w)
	redirect(w, r, "/signin", "")
}

// AccountForm is the purpose of the forms on account pages.
func AccountForm(url.Values) []string { return []string{purposeAccount} }
