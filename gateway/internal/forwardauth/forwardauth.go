// Package forwardauth answers the platform's own front door: nginx's auth_request, Traefik's ForwardAuth and Caddy's
// forward_auth ask here about a request before they pass it on.
//
// It owns how each of them describes a request and can be told a denial. It decides nothing, and never sees a body.
package forwardauth

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/vidocu/usher/gateway/internal/guard"
	"github.com/vidocu/usher/sdk/enforce"
)

// A front door describes the request that it asks about in one of these pairs of headers: nginx in the first, as our
// configuration for it says, Traefik and Caddy in the second, by themselves. ingress-nginx has the whole address instead of the
// first pair's path, by itself, and both where the method of the question is configured.
const (
	originalURI     = "X-Original-Uri"
	originalURL     = "X-Original-Url"
	originalMethod  = "X-Original-Method"
	forwardedURI    = "X-Forwarded-Uri"
	forwardedMethod = "X-Forwarded-Method"
)

// nginx understands 2xx, 401 and 403. What it is to tell its client instead of 403 stands in these.
const (
	denialStatus = "Usher-Denial-Status"
	denialBody   = "Usher-Denial-Body"
)

// Handler answers 200 with the identity headers, or a denial.
type Handler struct{ Guard guard.Guard }

// ServeHTTP is http.Handler.
func (f Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked, ok := read(r.Header)
	if !ok {
		f.deny(w, asked, undescribed())
		return
	}
	path, _, _ := strings.Cut(asked.uri, "?")
	pass, denial := f.Guard.Judge(r, asked.method, path)
	if denial != nil {
		f.deny(w, asked, denial)
		return
	}
	pass.Identify(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

// question is what a front door asks about.
type question struct {
	method, uri string
	// nginx says that the asker understands few statuses.
	nginx bool
}

// read finds the one pair, each half once. A request that has anything of both pairs is refused: one of them is the client's
// own, and which one depends on the front door. An address without the method that comes with it is the client's too, and is
// not looked at: a front door that sends the second pair says all that is needed.
func read(h http.Header) (question, bool) {
	original := len(h[originalURI]) > 0 || len(h[originalMethod]) > 0
	forwarded := len(h[forwardedURI]) > 0 || len(h[forwardedMethod]) > 0
	q := question{nginx: original}
	uris, methods := h[forwardedURI], h[forwardedMethod]
	if original {
		uris, methods = originals(h), h[originalMethod]
	}
	if original == forwarded || len(uris) != 1 || len(methods) != 1 || methods[0] == "" {
		return q, false
	}
	q.uri, q.method = uris[0], methods[0]
	return q, strings.HasPrefix(q.uri, "/")
}

// originals are the paths that the first pair names, in the form of a request line. Where the path and the address are both
// there, they must be the same: a client may have sent one of them through a front door that sets only the other.
func originals(h http.Header) []string {
	uris, urls := h[originalURI], h[originalURL]
	switch {
	case len(urls) == 0:
		return uris
	case len(urls) > 1:
		return nil
	}
	uri, ok := requestURI(urls[0])
	if !ok || len(uris) > 1 || len(uris) == 1 && uris[0] != uri {
		return nil
	}
	return []string{uri}
}

// requestURI is what stands behind the host of an address that ingress-nginx has put together from the scheme, the Host header
// and the request line. It is cut and not parsed: the path must stay byte for byte what is served, and nginx takes no host with
// a slash, so the first one begins the path. A host with any other sign that could end it is refused.
func requestURI(address string) (uri string, ok bool) {
	scheme, rest, found := strings.Cut(address, "://")
	slash := strings.IndexByte(rest, '/')
	if !found || scheme != "http" && scheme != "https" || slash < 0 || strings.ContainsAny(rest[:slash], "?#@\\%;, ") {
		return "", false
	}
	return rest[slash:], true
}

// undescribed is the answer to a question that is none. It opens nothing anywhere: no front door passes on what it answers.
func undescribed() *enforce.Denial {
	return &enforce.Denial{
		Status: http.StatusBadRequest, Code: "invalid_request",
		Message: "Exactly one of X-Original-URI, X-Original-URL and X-Forwarded-Uri must say which request this is about, with its method",
	}
}

func (Handler) deny(w http.ResponseWriter, asked question, d *enforce.Denial) {
	// The front door passes these on, so that a program in a browser may read a denial, as at /v1.
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", enforce.ExposedHeaders)
	if !asked.nginx {
		guard.Deny(w, d)
		return
	}
	body := d.JSON()
	guard.Head(w.Header(), d)
	w.Header().Set(denialStatus, strconv.Itoa(d.Status))
	w.Header().Set(denialBody, strings.TrimSpace(string(body)))
	w.WriteHeader(understood(d.Status))
	_, _ = w.Write(body) //nolint:gosec // JSON; and whoever asked has gone: nothing to do
}

// understood is the status that makes nginx deny: 403 for what it does not know. 503 stays: nginx makes an error of it.
func understood(status int) int {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable:
		return status
	}
	return http.StatusForbidden
}
