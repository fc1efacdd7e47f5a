package browser

import (
	"errors"
	"net/http"
	"strings"

	"github.com/vidocu/usher/gateway/internal/httpx"
)

// maxRedirected bounds the request that is repeated in an address, in bytes: proxies take request lines of 8 KiB by default.
const maxRedirected = 6 << 10

// AuthorizePosted is Authorize for parameters in a form body (OpenID Connect Core §3.1.2.1). Any page may send it, as any page
// may lead to the same request by GET: nothing is decided here.
//
// A browser sends no SameSite=Lax cookie with a form that another site posts: a signed-in user would not be recognized, and
// would get a second browser cookie. Such a request is repeated by GET, which carries the cookies.
func (f Flow) AuthorizePosted(w http.ResponseWriter, r *http.Request) {
	if kind := httpx.MediaType(r); kind != httpx.TypeForm && !httpx.Untyped(r) {
		f.Pages.Problem(w, http.StatusUnsupportedMediaType, "The app sent its request in a form that cannot be read here.")
		return
	}
	body, err := httpx.ReadBody(w, r)
	switch {
	case errors.Is(err, httpx.ErrTooLarge):
		f.Pages.Problem(w, http.StatusRequestEntityTooLarge, "The app sent a request that is too long.")
		return
	case err != nil:
		f.Pages.Problem(w, http.StatusBadRequest, "The app's request did not arrive whole. Go back to the app and start again.")
		return
	}
	query := joined(r.URL.RawQuery, string(body))
	if address := "/oauth/authorize?" + printable(query); f.Cookies.Browser(r).IsZero() && len(address) <= maxRedirected {
		Leave(w, address)
		return
	}
	posted := r.Clone(r.Context())
	posted.URL.RawQuery = query
	f.Authorize(w, posted)
}

// joined is the parameters of the address and the body as one text, so that the parser sees one that is in both as repeated.
func joined(query, body string) string {
	if query == "" || body == "" {
		return query + body
	}
	return query + "&" + body
}

// printable percent-encodes what may stand in a form's body and not in an address. It decodes to the same parameters.
func printable(form string) string {
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
