package account

import (
	"net/http"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Profile shows the names, the language and the time zone of the user.
func (a Account) Profile(w http.ResponseWriter, r *http.Request) {
	token := a.Flow.Cookies.Session(r)
	if token.IsZero() {
		a.Flow.RedirectToSignIn(w, r)
		return
	}
	res, err := a.Flow.Sessions.GetProfile(r.Context(), &identityv1.GetProfileRequest{SessionToken: token.Reveal()})
	if err != nil {
		a.showError(w, r, err)
		return
	}
	flash, p := a.Flow.Cookies.TakeFlash(w, r, browser.PageProfile, ""), res.GetProfile()
	data := page.Profile{
		CSRF: a.Flow.TypingToken(w, r, res.GetSession().GetUserId()), Email: res.GetSession().GetEmailAddress(), Done: done(flash), Fault: a.Flow.Fault(flash),
		FirstName: p.GetFirstName(), LastName: p.GetLastName(), DisplayName: p.GetDisplayName(), Language: p.GetLanguage(), TimeZone: p.GetTimeZone(),
	}
	for name, value := range map[string]*string{
		"first_name": &data.FirstName, "last_name": &data.LastName, "display_name": &data.DisplayName,
		"language": &data.Language, "time_zone": &data.TimeZone,
	} {
		if typed := flash.Input(); typed.Has(name) { // the user's input, and not what is stored
			*value = typed.Get(name)
		}
	}
	a.render(w, r, res.GetSession(), page.View{Template: "profile", Title: "Profile", Failed: data.Fault.Text != "", Data: data})
}

// SaveProfile replaces the profile.
func (a Account) SaveProfile(w http.ResponseWriter, r *http.Request) {
	if !a.Flow.ParseForm(w, r, browser.ProfileForm()) {
		return
	}
	_, err := a.Flow.Sessions.UpdateProfile(r.Context(), &identityv1.UpdateProfileRequest{
		SessionToken: a.Flow.Cookies.Session(r).Reveal(), Profile: &identityv1.Profile{
			FirstName: r.PostForm.Get("first_name"), LastName: r.PostForm.Get("last_name"), DisplayName: r.PostForm.Get("display_name"),
			Language: r.PostForm.Get("language"), TimeZone: r.PostForm.Get("time_zone"),
		},
		SourceAddress: a.Flow.Proxies.Source(r), UserAgent: browser.UserAgent(r),
	})
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectWithError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		a.Flow.RedirectToSignIn(w, r)
		return
	case errorv1.Reason_REASON_INVALID_REQUEST:
		a.back(w, r, browser.RefusedForm(browser.FlashProfile, r, err), browser.PageProfile, browser.ProfilePath)
		return
	}
	if err != nil {
		a.Flow.RedirectWithError(w, r, browser.ProfileForm(), oerr.UnlessImplemented(err))
		return
	}
	a.back(w, r, browser.Flash{Kind: browser.FlashProfileSaved}, browser.PageProfile, browser.ProfilePath)
}
