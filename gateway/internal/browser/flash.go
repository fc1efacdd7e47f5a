package browser

import (
	"crypto/hmac"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Flash is a message from a POST to the page that it redirects to: its kind, and the user's input.
// It is stored in a cookie, because the gateway has no store and an address can be forged. It is
// bound to the browser, the session, the page and the authorization, and is deleted when it is
// shown.
type Flash struct {
	Kind FlashKind `json:"k"`
	// Email and WorkspaceID are the user's input.
	Email       string `json:"e,omitempty"`
	WorkspaceID string `json:"w,omitempty"`
	// Scopes are the scopes that the user chose, with spaces between them; ScopesChosen says that the
	// form had the choice.
	Scopes       string `json:"p,omitempty"`
	ScopesChosen bool   `json:"sc,omitempty"`
	// UserCode is the code of a device, as the user typed it.
	UserCode string `json:"c,omitempty"`
	// Until is the time of the next attempt, in seconds since 1970.
	Until int64 `json:"u,omitempty"`
	// Form names the consent page whose form was posted.
	Form string `json:"f,omitempty"`
	// Reference is the ID of the request that failed.
	Reference string `json:"r,omitempty"`
	// Field is the id of the invalid input element, where the kind does not say.
	Field string `json:"i,omitempty"`
	// Name is the name of what was changed, untrusted text, and Object is its identifier.
	Name   string `json:"m,omitempty"`
	Object string `json:"b,omitempty"`
	// Detail is what a service said about the input, and Typed is the input as a form, without credentials.
	Detail string `json:"d,omitempty"`
	Typed  string `json:"y,omitempty"`
	// Lost says that a value of Typed was too long for a cookie.
	Lost bool `json:"o,omitempty"`
	// Gone says that the input was not kept.
	Gone bool `json:"g,omitempty"`
	// Secret is a new client secret, which is stored nowhere: the page that a POST redirects to shows it
	// once. Only this browser gets it, which would have got it in the response as well.
	Secret string `json:"x,omitempty"`
	// Stay says that the user does not want to sign out elsewhere.
	Stay bool `json:"s,omitempty"`
}

// FlashKind selects the message of a Flash.
type FlashKind string

// The kinds of flashes.
const (
	flashEmpty        FlashKind = "empty"
	flashWrong        FlashKind = "wrong"
	flashLimited      FlashKind = "limited"
	flashAgain        FlashKind = "again"
	flashSignedOut    FlashKind = "signed-out"
	flashUnavailable  FlashKind = "unavailable"
	flashFailed       FlashKind = "failed"
	flashTooLong      FlashKind = "too-long"
	flashFileTooLong  FlashKind = "file-too-long"
	flashUndecided    FlashKind = "undecided"
	flashNoWorkspace  FlashKind = "workspace"
	flashForbidden    FlashKind = "forbidden"
	flashAnswered     FlashKind = "answered"
	flashStale        FlashKind = "stale"
	flashFull         FlashKind = "full"
	flashPolicy       FlashKind = "policy"
	flashAsked        FlashKind = "asked"
	flashReason       FlashKind = "reason"
	flashNoScope      FlashKind = "no-scope"
	flashScopes       FlashKind = "scopes"
	flashNoUserCode   FlashKind = "no-user-code"
	flashAllEnded     FlashKind = "all-ended"
	flashNoneEnded    FlashKind = "none-ended"
	FlashDisconnected FlashKind = "disconnected"
	FlashNoApp        FlashKind = "no-app"
	FlashNoDevice     FlashKind = "no-device"
	FlashDeviceEnded  FlashKind = "device-ended"
	FlashOthersEnded  FlashKind = "others-ended"

	// FlashWorkspaceEnded is a client that was disconnected in one workspace.
	FlashWorkspaceEnded FlashKind = "workspace-ended"
	// FlashInstallationEnded is one installation of a client that was disconnected.
	FlashInstallationEnded  FlashKind = "installation-ended"
	FlashProfileSaved       FlashKind = "profile-saved"
	FlashProfile            FlashKind = "profile"
	FlashPasswordChanged    FlashKind = "password-changed"
	FlashPasswordsEmpty     FlashKind = "passwords-empty"
	FlashPasswordWrong      FlashKind = "password-wrong"
	FlashPasswordShort      FlashKind = "password-short"
	FlashPasswordLong       FlashKind = "password-long"
	FlashPasswordCharacters FlashKind = "password-characters"
	FlashPasswordSame       FlashKind = "password-same"
	FlashPasswordAddress    FlashKind = "password-address"
)

// The pages that show flashes.
const (
	pageSignIn  = "signin"
	pageConsent = "consent"
	pageDevice  = "device"
	pageLogout  = "logout"
	PageAccount = "account"
	PageDevices = "devices"

	PageProfile  = "profile"
	PageSecurity = "security"
	PageActivity = "activity"
	// PageConsole is every page of the developer console: a flash is bound to its path.
	PageConsole = "developers"
)

const (
	// flashLifetime is the maximum age of a flash.
	flashLifetime = 5 * time.Minute
	// maxFlash is the maximum length of each string in a flash in bytes, except Typed.
	maxFlash = 512
	// maxPackedFlash is that of a flash as it is stored. Reverse proxies refuse a request whose cookies,
	// among them a run of the playground, have more than 8 KiB.
	maxPackedFlash = 3400
)

// flashName is the cookie's name: the account pages and an authorization may have a flash each.
func flashName(page string) string {
	if isAccountPage(page) {
		return flashCookie + "_account"
	}
	return flashCookie
}

// secretName is the name of the cookie of a flash with a secret: the message of a second click, which is
// refused, must not overwrite a secret that was not shown yet.
func secretName(page string) string { return flashName(page) + "_secret" }

// SetFlash sets a flash for a page, and for one authorization where request is not empty.
func (c Cookies) SetFlash(w http.ResponseWriter, r *http.Request, f Flash, page, request string) {
	browser := c.Browser(r)
	if browser.IsZero() {
		return // without a browser cookie a flash cannot be signed
	}
	f.dropLong()
	text := f.pack()
	mac := c.FormToken(browser, c.Session(r), "flash", page, request, text)
	name := flashName(page)
	if f.Secret != "" {
		name = secretName(page)
	}
	c.set(w, name, text+"."+mac, time.Now().Add(flashLifetime))
}

// PeekFlash returns the flash for a page, the one with a secret before another; zero where there is none.
// It does not delete it.
func (c Cookies) PeekFlash(r *http.Request, page, request string) Flash {
	if f := c.readFlash(r, secretName(page), page, request); f != (Flash{}) {
		return f
	}
	return c.readFlash(r, flashName(page), page, request)
}

func (c Cookies) readFlash(r *http.Request, name, page, request string) Flash {
	var f Flash
	if json.Unmarshal(c.signed(r, name, "flash", page, request), &f) != nil {
		return Flash{}
	}
	return f
}

// signed returns the data of a cookie that was signed for this browser, this session and a purpose; nil
// where there is none.
func (c Cookies) signed(r *http.Request, name string, purpose ...string) []byte {
	found := r.CookiesNamed(c.name(name))
	browser := c.Browser(r)
	if len(found) != 1 || browser.IsZero() {
		return nil
	}
	text, mac, _ := strings.Cut(found[0].Value, ".")
	if !hmac.Equal([]byte(c.FormToken(browser, c.Session(r), append(purpose, text)...)), []byte(mac)) {
		return nil
	}
	return unpack(text)
}

// TakeFlash is PeekFlash, and deletes the flashes for the page.
func (c Cookies) TakeFlash(w http.ResponseWriter, r *http.Request, page, request string) Flash {
	for _, name := range []string{secretName(page), flashName(page)} {
		if c.readFlash(r, name, page, request) != (Flash{}) && r.Method != http.MethodHead {
			c.set(w, name, "", time.Time{})
		}
	}
	return c.PeekFlash(r, page, request)
}

// dropLong drops strings that do not fit into a cookie.
func (f *Flash) dropLong() {
	for _, text := range []*string{
		&f.Email, &f.WorkspaceID, &f.UserCode, &f.Reference, &f.Field, &f.Scopes, &f.Name, &f.Object,
	} {
		if len(*text) > maxFlash {
			*text = ""
		}
	}
	f.Detail = f.Detail[:min(len(f.Detail), maxFlash)]
	f.ScopesChosen = f.ScopesChosen && (f.Scopes != "" || f.Kind == flashNoScope)
}
