package browser

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/requestlog"
)

// maxRedirected is the maximum length of the address in the redirect in bytes: proxies accept
// request lines of 8 KiB by default.
const maxRedirected = 6 << 10

// AuthorizePosted is Authorize with the parameters in a form body (OpenID Connect Core §3.1.2.1).
// It accepts a form from any origin, because any page may link to the same request by GET, and the
// request changes nothing by itself.
//
// A browser sends no SameSite=Lax cookie with a cross-site POST: a signed-in user would not be
// recognized, and would get a second browser cookie. Such a request of another origin is redirected
// to GET, which sends the cookies.
func (f Flow) AuthorizePosted(w http.ResponseWriter, r *http.Request) {
	query, ok := f.readPosted(w, r)
	if !ok {
		return
	}
	requestlog.NoteBody(r.Context(), httpx.TypeForm, []byte(query))
	if f.Cookies.Browser(r).IsZero() && httpx.CrossOrigin(r, f.PublicURL) {
		if address := "/oauth/authorize?" + escapeQuery(query); len(address) <= maxRedirected {
			RedirectTo(w, address)
			return
		}
	}
	posted := r.Clone(r.Context())
	posted.URL.RawQuery = query
	f.Authorize(w, posted)
}

const (
	textNotWhole = "The app's request did not arrive whole. Go back to the app and start again."
	textNotUTF8  = "The app's request cannot be read: it has text that is not UTF-8."
)

// unreadableText says why the parameters of a client's request cannot be read, as authz does.
func unreadableText(err error, raw string) string {
	if escape := url.EscapeError(""); errors.As(err, &escape) {
		return "The app's request cannot be read: a percent sign in it is not followed by two hexadecimal digits."
	}
	if strings.Contains(raw, ";") {
		return "The app's request cannot be read: a semicolon in it is not percent-encoded."
	}
	return textNotWhole
}

// readPosted returns the parameters of a client's request in a form body, with those of its address, or
// writes an error page.
func (f Flow) readPosted(w http.ResponseWriter, r *http.Request) (query string, ok bool) {
	if kind := httpx.MediaType(r); kind != httpx.TypeForm && !httpx.Untyped(r) {
		f.Pages.Problem(w, r, http.StatusUnsupportedMediaType, "The app sent its request in another form than application/x-www-form-urlencoded.")
		return "", false
	}
	body, err := httpx.ReadBody(w, r)
	switch {
	case errors.Is(err, httpx.ErrTooLarge):
		f.Pages.Problem(w, r, http.StatusRequestEntityTooLarge, "The app sent a request that is too long: at most 64 KiB can be read.")
	case err != nil:
		f.Pages.Problem(w, r, http.StatusBadRequest, textNotWhole)
	}
	return joinQueries(r.URL.RawQuery, string(body)), err == nil
}

// joinQueries joins the parameters of the query and the body, so that the parser detects one that
// is in both as repeated.
func joinQueries(query, body string) string {
	if query == "" || body == "" {
		return query + body
	}
	return query + "&" + body
}

// escapeQuery percent-encodes the characters that a form body may contain and a URL may not. The
// parameters stay the same.
func escapeQuery(form string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(form) {
		if c := form[i]; c <= ' ' || c >= 0x7f || c == '#' || c == '"' || c == '<' || c == '>' || c == '\\' {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(form[i])
	}
	return b.String()
}
