package browser

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Flash is what a POST leaves for the page that its redirect leads to: which sentence to show, and what was typed. It travels
// in a cookie of its own, since the gateway keeps nothing and an address may be anybody's. It is bound to this browser and
// session, to one page and to one authorization, and is gone when it was shown.
type Flash struct {
	Kind FlashKind `json:"k"`
	// Email and WorkspaceID are what was typed and chosen.
	Email       string `json:"e,omitempty"`
	WorkspaceID string `json:"w,omitempty"`
	// Until is when to try again, in seconds since 1970.
	Until int64 `json:"u,omitempty"`
	// Reference is the id of the request that failed.
	Reference string `json:"r,omitempty"`
}

// FlashKind is which sentence to show.
type FlashKind string

// The kinds of flashes.
const (
	flashEmpty        FlashKind = "empty"
	flashWrong        FlashKind = "wrong"
	flashLimited      FlashKind = "limited"
	flashAgain        FlashKind = "again"
	flashUnavailable  FlashKind = "unavailable"
	flashFailed       FlashKind = "failed"
	flashUndecided    FlashKind = "undecided"
	flashNoWorkspace  FlashKind = "workspace"
	flashForbidden    FlashKind = "forbidden"
	flashAnswered     FlashKind = "answered"
	flashStale        FlashKind = "stale"
	FlashDisconnected FlashKind = "disconnected"
	FlashNoApp        FlashKind = "no-app"
)

// The pages that show flashes.
const (
	pageSignIn  = "signin"
	pageConsent = "consent"
	PageAccount = "account"
)

const (
	// flashLifetime is how long a flash waits for its page.
	flashLifetime = 5 * time.Minute
	// maxFlash bounds each text in a flash, in bytes: a cookie holds 4 KiB.
	maxFlash = 512
)

// SetFlash leaves a flash for a page, and for one authorization where request is not empty.
func (c Cookies) SetFlash(w http.ResponseWriter, r *http.Request, f Flash, page, request string) {
	browser := c.Browser(r)
	if browser.IsZero() {
		return // a browser without cookies gets none
	}
	f.keepShort()
	payload, err := json.Marshal(f)
	if err != nil {
		return // strings and numbers always encode
	}
	text := base64.RawURLEncoding.EncodeToString(payload)
	mac := c.FormToken(browser, c.Session(r), "flash", page, request, text)
	c.set(w, flashCookie, text+"."+mac, time.Now().Add(flashLifetime))
}

// PeekFlash reads the flash for a page; zero when there is none. It stays where it is.
func (c Cookies) PeekFlash(r *http.Request, page, request string) Flash {
	found := r.CookiesNamed(c.name(flashCookie))
	browser := c.Browser(r)
	if len(found) != 1 || browser.IsZero() {
		return Flash{}
	}
	text, mac, _ := strings.Cut(found[0].Value, ".")
	if !hmac.Equal([]byte(c.FormToken(browser, c.Session(r), "flash", page, request, text)), []byte(mac)) {
		return Flash{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Flash{}
	}
	var f Flash
	if json.Unmarshal(payload, &f) != nil {
		return Flash{}
	}
	return f
}

// TakeFlash is PeekFlash, and removes what it returns.
func (c Cookies) TakeFlash(w http.ResponseWriter, r *http.Request, page, request string) Flash {
	f := c.PeekFlash(r, page, request)
	if f != (Flash{}) && r.Method != http.MethodHead {
		c.set(w, flashCookie, "", time.Time{})
	}
	return f
}

// keepShort drops what would not fit into a cookie.
func (f *Flash) keepShort() {
	for _, text := range []*string{&f.Email, &f.WorkspaceID, &f.Reference} {
		if len(*text) > maxFlash {
			*text = ""
		}
	}
}

// AccountToken is what the forms of account pages carry.
func (c Cookies) AccountToken(browser, session secret.String) string {
	return c.FormToken(browser, session, AccountForm().purposes...)
}
