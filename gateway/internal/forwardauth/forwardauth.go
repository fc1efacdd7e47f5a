// Package forwardauth authorizes requests for another reverse proxy: nginx's auth_request,
// Traefik's ForwardAuth and Caddy's forward_auth send a subrequest here before they forward a
// request.
//
// It owns how each of them describes a request, and the response that each of them understands. It
// makes no decision, and never receives a body.
package forwardauth

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/vidocu/usher/gateway/internal/guard"
	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/refusal"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// A proxy describes the original request in one of these pairs of headers: nginx in the first, as
// the documented configuration sets it, Traefik and Caddy in the second, by default. ingress-nginx
// sends the whole URL instead of the first pair's path, by default, and both where the method of
// the subrequest is configured.
const (
	originalURI     = "X-Original-Uri"
	originalURL     = "X-Original-Url"
	originalMethod  = "X-Original-Method"
	forwardedURI    = "X-Forwarded-Uri"
	forwardedMethod = "X-Forwarded-Method"
)

// nginx accepts 2xx, 401 and 403 of a subrequest. These headers hold the response that it sends to
// its client instead of the 403.
const (
	denialStatus = "Usher-Denial-Status"
	denialBody   = "Usher-Denial-Body"
)

// Handler responds 200 with the identity headers, or with a denial.
type Handler struct {
	Guard guard.Guard
	// Proxies are those whose X-Forwarded-For is trusted. The peer is always a proxy: with another one the
	// address of the original request is not known.
	Proxies httpx.Proxies
}

// ServeHTTP is http.Handler.
func (f Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sub, ok := parseSubrequest(r.Header)
	if !ok {
		refusal.NoteCause(r.Context(), errorv1.Cause_CAUSE_QUERY_MALFORMED) // the status that nginx gets is that of another cause
		f.deny(w, sub, invalidSubrequest())
		return
	}
	path, _, _ := strings.Cut(sub.uri, "?")
	authorized, denial := f.Guard.Authorize(r, guard.Subject{Method: sub.method, Path: path, Source: f.Proxies.Forwarded(r)})
	if denial != nil {
		f.deny(w, sub, denial)
		return
	}
	authorized.SetIdentityHeaders(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

// subrequest describes the original request.
type subrequest struct {
	method, uri string
	// nginx is true for a proxy that accepts only a few statuses.
	nginx bool
}

// parseSubrequest reads the one pair of headers, each exactly once. It refuses a subrequest with a
// header of each pair: one of them was sent by the client, and which one depends on the proxy.
// X-Original-Url without X-Original-Method was also sent by the client and is ignored where the
// proxy sends the second pair.
func parseSubrequest(h http.Header) (subrequest, bool) {
	original := len(h[originalURI]) > 0 || len(h[originalMethod]) > 0
	forwarded := len(h[forwardedURI]) > 0 || len(h[forwardedMethod]) > 0
	sub := subrequest{nginx: original}
	uris, methods := h[forwardedURI], h[forwardedMethod]
	if original {
		uris, methods = originalURIs(h), h[originalMethod]
	}
	if original == forwarded || len(uris) != 1 || len(methods) != 1 || methods[0] == "" {
		return sub, false
	}
	sub.uri, sub.method = uris[0], methods[0]
	return sub, strings.HasPrefix(sub.uri, "/")
}

// originalURIs returns the path and query that the first pair names. Where both the path and the
// URL are present they must be equal: a client may have sent one of them through a proxy that sets
// only the other.
func originalURIs(h http.Header) []string {
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

// requestURI returns the part after the host of a URL that ingress-nginx has concatenated from the
// scheme, the Host header and the request line. It cuts the URL and does not parse it, because the
// path must stay byte for byte the one that is served. nginx rejects a host with a slash, so the
// first slash begins the path. A host with any other character that could end it is refused.
func requestURI(address string) (uri string, ok bool) {
	scheme, rest, found := strings.Cut(address, "://")
	slash := strings.IndexByte(rest, '/')
	if !found || scheme != "http" && scheme != "https" || slash < 0 || strings.ContainsAny(rest[:slash], "?#@\\%;, ") {
		return "", false
	}
	return rest[slash:], true
}

// invalidSubrequest is the response to a malformed subrequest. No proxy forwards the original
// request after it.
func invalidSubrequest() *enforce.Denial {
	return &enforce.Denial{
		Status: http.StatusBadRequest, Code: "invalid_request",
		Message: "Exactly one of X-Original-URI, X-Original-URL and X-Forwarded-Uri must say which request this is about, with its method",
	}
}

func (Handler) deny(w http.ResponseWriter, sub subrequest, d *enforce.Denial) {
	// The proxy forwards these, so that a client in a browser can read a denial, as at /v1.
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", enforce.ExposedHeaders)
	if !sub.nginx {
		guard.WriteDenial(w, d)
		return
	}
	body := d.JSON()
	guard.SetDenialHeaders(w.Header(), d)
	w.Header().Set(denialStatus, strconv.Itoa(d.Status))
	w.Header().Set(denialBody, strings.TrimSpace(string(body)))
	w.WriteHeader(nginxStatus(d.Status))
	_, _ = w.Write(body) //nolint:gosec // JSON; fails only where the client has disconnected
}

// nginxStatus returns the status that makes nginx deny: 403 for a status that it does not accept.
// 503 stays, because nginx responds with an error then.
func nginxStatus(status int) int {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable:
		return status
	}
	return http.StatusForbidden
}
