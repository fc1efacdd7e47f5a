package account

import (
	"net/http"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Security shows the form that changes the password.
func (a Account) Security(w http.ResponseWriter, r *http.Request) {
	token := a.Flow.Cookies.Session(r)
	if token.IsZero() {
		a.Flow.RedirectToSignIn(w, r)
		return
	}
	res, err := a.Flow.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{SessionToken: token.Reveal()})
	if err != nil {
		a.showError(w, r, err)
		return
	}
	flash := a.Flow.Cookies.TakeFlash(w, r, browser.PageSecurity, "")
	data := page.Security{
		CSRF: a.Flow.AccountToken(w, r), Form: browser.NewForm(), Email: res.GetSession().GetEmailAddress(), Done: done(flash), Fault: a.Flow.Fault(flash),
		Stay: flash.Stay,
	}
	if data.Fault.Wait != nil {
		data.Fault.Wait.At = data.Fault.Wait.At.In(browser.Zone(res.GetSession().GetTimeZone()))
	}
	a.render(w, r, res.GetSession(), page.View{Template: "security", Title: "Sign-in and security", Failed: data.Fault.Text != "", Data: data})
}

// ChangePassword changes the password. This browser gets a new session.
func (a Account) ChangePassword(w http.ResponseWriter, r *http.Request) {
	if !a.Flow.ParseForm(w, r, browser.SecurityForm()) {
		return
	}
	flash := browser.Flash{Stay: r.PostForm.Get("sign_out_elsewhere") == ""}
	if r.PostForm.Get("old_password") == "" || r.PostForm.Get("new_password") == "" {
		flash.Kind = browser.FlashPasswordsEmpty
		a.backToSecurity(w, r, flash)
		return
	}
	res, err := a.Passwords.ChangePassword(r.Context(), &tokenv1.ChangePasswordRequest{
		SessionToken: a.Flow.Cookies.Session(r).Reveal(), OldPassword: r.PostForm.Get("old_password"), NewPassword: r.PostForm.Get("new_password"),
		SignOutElsewhere: !flash.Stay, SourceAddress: a.Flow.Proxies.Source(r), UserAgent: browser.UserAgent(r),
	})
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectWithError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		a.signInAfterChange(w, r)
		return
	case errorv1.Reason_REASON_INVALID_CREDENTIALS:
		if a.sessionEnded(r) { // the first click changed the password while the second one was checked
			a.signInAfterChange(w, r)
			return
		}
		flash.Kind = browser.FlashPasswordWrong
		a.backToSecurity(w, r, flash)
		return
	}
	if err != nil {
		a.Flow.RedirectWithError(w, r, browser.SecurityForm(), oerr.UnlessImplemented(err))
		return
	}
	if flash.Kind = passwordFault(res.GetFault()); flash.Kind != "" {
		a.backToSecurity(w, r, flash)
		return
	}
	a.startSession(w, r, res.GetSessionToken(), res.GetSession())
}

// sessionEnded reports whether the browser's session has ended.
func (a Account) sessionEnded(r *http.Request) bool {
	_, err := a.Flow.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{SessionToken: a.Flow.Cookies.Session(r).Reveal()})
	return oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED
}

// signInAfterChange handles a request whose session has ended. The first of two clicks replaced the
// session and the password, and its response is lost when the browser follows the second one: the
// new password, which the form contains, then is the current one, and signs the user in. It is an
// attempt like any other, and where it fails the sign-in page follows.
func (a Account) signInAfterChange(w http.ResponseWriter, r *http.Request) {
	res, err := a.Flow.Sessions.AuthenticateUser(r.Context(), &identityv1.AuthenticateUserRequest{
		EmailAddress: r.PostForm.Get("email"), Password: r.PostForm.Get("new_password"),
		PreviousSessionToken: a.Flow.Cookies.Session(r).Reveal(),
		SourceAddress:        a.Flow.Proxies.Source(r), UserAgent: browser.UserAgent(r),
	})
	if err != nil {
		a.Flow.RedirectToSignIn(w, r)
		return
	}
	a.startSession(w, r, res.GetSessionToken(), res.GetSession())
}

// startSession sets the new session's cookie and shows that the password is changed.
func (a Account) startSession(w http.ResponseWriter, r *http.Request, token string, session *identityv1.Session) {
	value := secret.New(token)
	a.Flow.Cookies.SetSession(w, value, session.GetExpireTime().AsTime())
	next := a.Flow.Cookies.WithSession(r, value) // the flash is bound to the new session
	a.Flow.Cookies.SetSubmitted(w, next)
	a.backToSecurity(w, next, browser.Flash{Kind: browser.FlashPasswordChanged})
}

func (a Account) backToSecurity(w http.ResponseWriter, r *http.Request, flash browser.Flash) {
	a.back(w, r, flash, browser.PageSecurity, browser.SecurityPath)
}

// passwordFault returns the kind of flash for a new password that is not allowed; empty for one that
// is.
func passwordFault(fault identityv1.PasswordFault) browser.FlashKind {
	switch fault {
	case identityv1.PasswordFault_PASSWORD_FAULT_UNSPECIFIED:
		return ""
	case identityv1.PasswordFault_PASSWORD_FAULT_SHORT:
		return browser.FlashPasswordShort
	case identityv1.PasswordFault_PASSWORD_FAULT_LONG:
		return browser.FlashPasswordLong
	case identityv1.PasswordFault_PASSWORD_FAULT_UNCHANGED:
		return browser.FlashPasswordSame
	case identityv1.PasswordFault_PASSWORD_FAULT_EMAIL_ADDRESS:
		return browser.FlashPasswordAddress
	case identityv1.PasswordFault_PASSWORD_FAULT_CHARACTERS:
	}
	return browser.FlashPasswordCharacters
}
