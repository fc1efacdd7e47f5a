package account

import (
	"net/http"
	"slices"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Devices shows where the user is signed in.
func (a Account) Devices(w http.ResponseWriter, r *http.Request) {
	cookies := a.Flow.Cookies
	session := cookies.Session(r)
	if session.IsZero() {
		a.Flow.RedirectToSignIn(w, r)
		return
	}
	res, err := a.Flow.Sessions.ListSessions(r.Context(), &identityv1.ListSessionsRequest{SessionToken: session.Reveal()})
	if err != nil {
		a.showError(w, r, err)
		return
	}
	flash := cookies.TakeFlash(w, r, browser.PageDevices, "")
	data := page.Devices{CSRF: a.Flow.AccountToken(w, r), Form: browser.NewForm(), Done: done(flash), Fault: a.Flow.Fault(flash)}
	in := browser.Zone(res.GetSession().GetTimeZone())
	for _, s := range currentFirst(res.GetSessions()) {
		data.Devices = append(data.Devices, page.NewDevice(page.Device{
			ID: s.GetSessionId(), Current: s.GetCurrent(), Network: s.GetNetwork(), Begun: browser.At(s.GetCreateTime(), in), Used: browser.At(s.GetLastUseTime(), in),
		}, s.GetUserAgent()))
	}
	a.render(w, r, res.GetSession(), page.View{Template: "devices", Title: "Devices", Failed: data.Fault.Text != "", Data: data})
}

// currentFirst returns sessions with that of the page before the others, which stay in the order of
// their last use. That is recorded every few minutes, so that another may be before it.
func currentFirst(sessions []*identityv1.UserSession) []*identityv1.UserSession {
	return slices.SortedStableFunc(slices.Values(sessions), func(a, b *identityv1.UserSession) int {
		switch {
		case a.GetCurrent() == b.GetCurrent():
			return 0
		case a.GetCurrent():
			return -1
		}
		return 1
	})
}

// EndDevice signs a device out.
func (a Account) EndDevice(w http.ResponseWriter, r *http.Request) {
	if !a.Flow.ParseForm(w, r, browser.DevicesForm()) {
		return
	}
	flash := browser.Flash{Kind: browser.FlashDeviceEnded}
	_, err := a.Flow.Sessions.EndUserSession(r.Context(), &identityv1.EndUserSessionRequest{
		SessionToken: a.Flow.Cookies.Session(r).Reveal(), SessionId: r.PostForm.Get("session_id"),
		SourceAddress: a.Flow.Proxies.Source(r), UserAgent: browser.UserAgent(r),
	})
	if oerr.Reason(err) == errorv1.Reason_REASON_NOT_FOUND {
		err, flash = nil, browser.Flash{Kind: browser.FlashNoDevice}
	}
	a.backToDevices(w, r, flash, err)
}

// EndOtherDevices signs every other device and the programs with a user token out. This browser gets a
// new session, and the second of two clicks, which is sent with the session from before, gets the same
// one.
func (a Account) EndOtherDevices(w http.ResponseWriter, r *http.Request) {
	if !a.Flow.ParseForm(w, r, browser.DevicesForm()) {
		return
	}
	res, err := a.Passwords.SignOutElsewhere(r.Context(), &tokenv1.SignOutElsewhereRequest{
		SessionToken: a.Flow.Cookies.Session(r).Reveal(), SourceAddress: a.Flow.Proxies.Source(r), UserAgent: browser.UserAgent(r),
		Form: browser.FormValue(r),
	})
	if err == nil {
		session := secret.New(res.GetSessionToken())
		a.Flow.Cookies.SetSession(w, session, res.GetSession().GetExpireTime().AsTime())
		r = a.Flow.Cookies.WithSession(r, session) // the flash is bound to the new session
		a.Flow.Cookies.SetSubmitted(w, r)
	}
	a.backToDevices(w, r, browser.Flash{Kind: browser.FlashOthersEnded}, oerr.UnlessImplemented(err))
}

// backToDevices redirects to the devices' page with a flash, or with the error of an RPC.
func (a Account) backToDevices(w http.ResponseWriter, r *http.Request, flash browser.Flash, err error) {
	switch {
	case oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED:
		a.Flow.RedirectToSignInFor(w, r, browser.DevicesPath)
	case err != nil:
		a.Flow.RedirectWithError(w, r, browser.DevicesForm(), err)
	default:
		a.back(w, r, flash, browser.PageDevices, browser.DevicesPath)
	}
}
