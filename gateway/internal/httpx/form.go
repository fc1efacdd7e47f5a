package httpx

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// requireSameOrigin rejects a form that was not sent by one of the gateway's own pages, before the
// handler parses it.
func (r *Router) requireSameOrigin(h http.Handler, types ...string) http.Handler {
	types = append(types, TypeForm)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case CrossOrigin(req, r.config.PublicURL):
			r.problem(w, req, http.StatusForbidden)
		case !slices.Contains(types, MediaType(req)):
			r.problem(w, req, http.StatusUnsupportedMediaType)
		default:
			h.ServeHTTP(w, req)
		}
	})
}

// CrossOrigin reports whether a page of another origin than the gateway's sent a form.
// Sec-Fetch-Site decides where the browser sends it. Browsers send none over plain http: then Origin
// or Referer must match the configured public URL. The Host header is not used, because a proxy may
// have replaced it or terminated TLS. A request without any of these headers comes from an old
// browser or from no browser: the forms of our pages have a CSRF token besides.
func CrossOrigin(req *http.Request, publicURL string) bool {
	switch req.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none": // none: the user reloaded the response of the form
		return false
	case "":
	default:
		return true
	}
	for _, name := range []string{"Origin", "Referer"} {
		if page := req.Header.Get(name); page != "" {
			return originOf(page) != originOf(publicURL)
		}
	}
	return false
}

// originOf returns the origin of a URL (RFC 6454 §4) without the scheme's default port; empty where
// the URL has no host.
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
