package browser

import (
	"net/http"
	"time"
)

const (
	playgroundCookie = "usher_playground"
	// playgroundLifetime is the maximum age of a run in the playground, whose access token lives as long.
	playgroundLifetime = time.Hour
	// maxPlayground is the maximum length of the state of a run as it is stored, in bytes: browsers refuse a
	// cookie of more than 4,096.
	maxPlayground = 3900
)

// SetPlayground stores the state of a run in the playground: in a cookie of this browser and session,
// because the gateway has no store and the state contains tokens, which must not be in an address. It
// returns false for a state that is too long, and deletes it where it is empty.
func (c Cookies) SetPlayground(w http.ResponseWriter, r *http.Request, state []byte) bool {
	if len(state) == 0 {
		c.set(w, playgroundCookie, "", time.Time{})
		return true
	}
	text := pack(state)
	browser := c.Browser(r)
	if browser.IsZero() || len(text) > maxPlayground {
		return false
	}
	c.set(w, playgroundCookie, text+"."+c.FormToken(browser, c.Session(r), playgroundCookie, text), time.Now().Add(playgroundLifetime))
	return true
}

// Playground returns the state of the run in this browser and session; nil where there is none.
func (c Cookies) Playground(r *http.Request) []byte {
	return c.signed(r, playgroundCookie, playgroundCookie)
}
