package browser

import (
	"net/http"

	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// devicePath is the page on which users enter the code of a device.
const devicePath = "/device"

func deviceForm(userCode string) formPage {
	return formPage{page: pageDevice, purposes: []string{purposeDevice}, userCode: userCode}
}

// parseUserCode returns a user code in an address as devices show it. It returns an empty string for
// a text that is none, so that no address puts words on the page.
func parseUserCode(typed string) string {
	code, ok := oauth.NormalizeUserCode(typed)
	if !ok {
		return ""
	}
	return oauth.FormatUserCode(code)
}

// DevicePage asks a signed-in user for the code of a device (RFC 8628 §3.3). A code in the address,
// which comes from a QR code, must be compared and confirmed (§3.3.1): the page looks nothing up and
// changes nothing.
func (f Flow) DevicePage(w http.ResponseWriter, r *http.Request) {
	userCode := parseUserCode(r.URL.Query().Get("user_code"))
	session := f.Cookies.Session(r)
	if session.IsZero() {
		f.signInForDevice(w, r, userCode)
		return
	}
	current, err := f.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{SessionToken: session.Reveal()})
	switch {
	case oerr.Reason(err) == errorv1.Reason_REASON_SESSION_REQUIRED:
		f.signInForDevice(w, r, userCode)
		return
	case err != nil:
		f.ShowError(w, r, err)
		return
	}
	flash := f.Cookies.TakeFlash(w, r, pageDevice, "")
	data := page.DeviceCode{
		CSRF: f.Cookies.FormToken(f.Cookies.EnsureBrowser(w, r), session, deviceForm("").purposes...),
		User: page.User{Name: current.GetSession().GetDisplayName(), Email: current.GetSession().GetEmailAddress()},
		Code: userCode, Confirm: userCode != "", Fault: f.Fault(flash),
	}
	if flash.UserCode != "" {
		data.Code, data.Confirm = flash.UserCode, false
	}
	f.Pages.Render(w, r, page.View{
		Template: "device", Title: "Connect a device", Failed: data.Fault.Text != "", Preferred: current.GetSession().GetLanguage(), Data: data,
	})
}

// signInForDevice redirects to the sign-in page, which redirects back to the page for devices.
func (f Flow) signInForDevice(w http.ResponseWriter, r *http.Request, userCode string) {
	redirectToPage(w, r, formPage{page: pageSignIn, device: true, userCode: userCode}.address())
}

// EnterDevice binds the request of a user code to the browser and redirects to its consent page.
func (f Flow) EnterDevice(w http.ResponseWriter, r *http.Request) {
	if !f.readForm(w, r) {
		return
	}
	typed := r.PostForm.Get("user_code")
	if f.Cookies.Session(r).IsZero() {
		f.signInForDevice(w, r, parseUserCode(typed)) // signed out in another tab
		return
	}
	from := deviceForm("") // the typed code is in the flash
	if !f.checkForm(w, r, from) {
		return
	}
	if r.PostForm.Get("decision") == "switch" {
		if err := f.endSession(w, r); err != nil {
			f.RedirectWithError(w, r, from, err)
			return
		}
		f.signInForDevice(w, r, parseUserCode(typed))
		return
	}
	res, err := f.Devices.ClaimDeviceAuthorization(r.Context(), &authzv1.ClaimDeviceAuthorizationRequest{
		UserCode: typed, SessionToken: f.Cookies.Session(r).Reveal(), BrowserToken: f.Cookies.Browser(r).Reveal(),
		SourceAddress: f.Proxies.Source(r),
	})
	switch oerr.Reason(err) { //nolint:exhaustive // RedirectWithError handles the others
	case errorv1.Reason_REASON_SESSION_REQUIRED:
		f.signInForDevice(w, r, parseUserCode(typed))
		return
	case errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND:
		f.redirectBack(w, r, from, Flash{Kind: flashNoUserCode, UserCode: typed})
		return
	}
	if err != nil {
		f.RedirectWithError(w, r, from, err)
		return
	}
	f.step(w, r, res.GetStep())
}
