package httpx

import (
	"net/http"
	"net/url"
	"strings"
)

// ownForm refuses a form that a page of ours did not send, before the handler reads it.
func (r *Router) ownForm(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case r.foreign(req):
			r.problem(w, req, http.StatusForbidden)
		case MediaType(req) != TypeForm:
			r.problem(w, req, http.StatusUnsupportedMediaType)
		default:
			h.ServeHTTP(w, req)
		}
	})
}

// foreign reports whether a page of another origin sent a form. A browser says so by itself; one that sends no fetch metadata,
// as over plain http, names the page's origin or address, which must be of the configured public URL. The Host header is not
// looked at: a proxy may have replaced it, and ended TLS. A request without any of them is no browser's, or an old one's, and
// has to carry the form's token like every other.
func (r *Router) foreign(req *http.Request) bool {
	switch req.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none": // none: the person had the form sent again
		return false
	case "":
	default:
		return true
	}
	for _, name := range []string{"Origin", "Referer"} {
		if page := req.Header.Get(name); page != "" {
			return originOf(page) != originOf(r.config.PublicURL)
		}
	}
	return false
}

// originOf is an address's origin (RFC 6454 §4), with the scheme's own port left out; empty when it has none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}
