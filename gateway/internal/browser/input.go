package browser

import (
	"cmp"
	"crypto/hmac"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// privateMember matches a member that a public JWK does not have (RFC 7518 §6), in JSON or YAML.
var privateMember = regexp.MustCompile(`(^|[{,"'\s])(d|k|p|q|dp|dq|qi|oth)["']?\s*:`)

// hasPrivateKey reports whether the value of a field has a private key: a PEM block, or, in a field that
// takes keys, such a member.
func hasPrivateKey(field string) func(value string) bool {
	takesKeys := field == "jwk" || field == "manifest"
	return func(value string) bool {
		return strings.Contains(value, "PRIVATE KEY") || takesKeys && privateMember.MatchString(value)
	}
}

// RefusedForm returns the flash of a form whose input a service refused: the input, and what the
// service said.
func RefusedForm(kind FlashKind, r *http.Request, err error) Flash {
	return Flash{Kind: kind, Field: oerr.Field(err), Detail: oerr.Message(err), Typed: input(r.PostForm)}
}

// input returns the input of a form without credentials, encoded. A private key that was pasted in the place
// of a public one is a credential too.
func input(form url.Values) string {
	kept := url.Values{}
	for name, values := range form {
		if name != "csrf_token" && name != "client_secret" && !strings.Contains(name, "password") && !slices.ContainsFunc(values, hasPrivateKey(name)) {
			kept[name] = values
		}
	}
	return kept.Encode()
}

// keepsInput reports whether the page shows the input of its form again from Flash.Typed.
func (o formPage) keepsInput() bool {
	return o.page == PageConsole || o.page == PageProfile || o.page == pageConsent
}

// tagLength is the length of the tag of a user in a CSRF token, in characters of base64url: 128 bits.
const tagLength = 22

// userTag returns the tag of a user in the CSRF tokens of a browser.
func (c Cookies) userTag(browser secret.String, userID string) string {
	return c.FormToken(browser, secret.String{}, "input of a user", userID)[:tagLength]
}

// TypingToken is AccountToken for a page that keeps the input of its forms. It names the user too, so that
// the input of a page is kept for the same user after another sign-in, and for no one else: it may be
// confidential, and another site must not fill in a form that waits for a click.
func (f Flow) TypingToken(w http.ResponseWriter, r *http.Request, userID string) string {
	return f.Cookies.userTag(f.Cookies.EnsureBrowser(w, r), userID) + "." + f.AccountToken(w, r)
}

// keepOrLose puts the input of a form whose token is of another session into the flash, where the session's
// user is the one of the page.
func (f Flow) keepOrLose(r *http.Request, flash *Flash) {
	if f.sameUser(r) {
		flash.Typed = input(r.PostForm)
	}
	uploaded := strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/")
	flash.Gone = flash.Typed == "" || uploaded
}

// sameUser reports whether a form is of a page that was shown to the session's user.
func (f Flow) sameUser(r *http.Request) bool {
	tag, _, _ := strings.Cut(r.PostForm.Get("csrf_token"), ".")
	res, err := f.Sessions.GetSession(r.Context(), &identityv1.GetSessionRequest{SessionToken: f.Cookies.Session(r).Reveal()})
	return err == nil && hmac.Equal([]byte(tag), []byte(f.Cookies.userTag(f.Cookies.Browser(r), res.GetSession().GetUserId())))
}

// Input returns the input of the form that is shown again; empty where there is none.
func (f Flash) Input() url.Values {
	form, _ := url.ParseQuery(f.Typed) // it is what input encoded, or empty
	return form
}

// pack returns the flash as a cookie holds it, without the longest values of the input where it is too
// long.
func (f Flash) pack() string {
	text, fits := f.packed()
	if fits || f.Typed == "" {
		return text
	}
	f.Lost = true
	form := f.Input()
	names := slices.SortedFunc(maps.Keys(form), func(a, b string) int {
		return cmp.Or(cmp.Compare(length(form[b]), length(form[a])), cmp.Compare(a, b))
	})
	without := func(n int) (string, bool) {
		rest := maps.Clone(form)
		for _, name := range names[:n] {
			delete(rest, name)
		}
		f.Typed = rest.Encode()
		return f.packed()
	}
	// A search, since a form may have thousands of fields.
	text, _ = without(sort.Search(len(names), func(n int) bool {
		_, fits := without(n)
		return fits
	}))
	return text
}

// packed returns the flash as a cookie holds it, and whether a cookie can.
func (f Flash) packed() (text string, fits bool) {
	payload, err := json.Marshal(f) //nolint:gosec // a new secret goes to the browser that created it, once
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	if len(payload) > maxUnpacked { // it could not be read
		return "", false
	}
	text = pack(payload)
	return text, len(text) <= maxPackedFlash
}

// length returns the length of the values of a field.
func length(values []string) (sum int) {
	for _, value := range values {
		sum += len(value)
	}
	return sum
}
