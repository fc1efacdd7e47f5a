// Package logos serves the logos of clients from the gateway's own origin.
//
// It owns the response's headers. authz owns the images, which it encoded itself: no byte of an upload
// reaches a browser, and no page makes the browser request another site.
package logos

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// suffix ends the path of a logo.
const suffix = ".png"

// Handler serves the paths under page.LogosPath.
type Handler struct {
	Logos authzv1.LogoServiceClient
	// NotFound serves a path that names no logo.
	NotFound http.Handler
	// Problem writes an error response.
	Problem func(w http.ResponseWriter, r *http.Request, status int)
}

// ServeHTTP serves a logo by its hash. The path names the content, so that a cache may keep it for
// ever.
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, found := strings.CutPrefix(r.URL.EscapedPath(), page.LogosPath)
	hash, png := strings.CutSuffix(name, suffix)
	if !found || !png || !isHash(hash) || r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.NotFound.ServeHTTP(w, r)
		return
	}
	header := w.Header()
	if r.Header.Get("If-None-Match") == `"`+hash+`"` {
		header.Set("Cache-Control", immutable)
		header.Set("ETag", `"`+hash+`"`)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	res, err := h.Logos.GetLogo(r.Context(), &authzv1.GetLogoRequest{Hash: hash})
	switch {
	case oerr.Reason(err) == errorv1.Reason_REASON_NOT_FOUND:
		h.NotFound.ServeHTTP(w, r)
		return
	case err != nil:
		header.Set("Retry-After", "1")
		h.Problem(w, r, http.StatusServiceUnavailable)
		return
	}
	header.Set("Content-Type", "image/png")
	header.Set("Content-Length", strconv.Itoa(len(res.GetPng())))
	header.Set("Cache-Control", immutable)
	header.Set("ETag", `"`+hash+`"`)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(res.GetPng()) // fails only where the client has disconnected
}

const immutable = "public, max-age=31536000, immutable"

// hashLength is the length of a SHA-256 in hexadecimal.
const hashLength = 64

func isHash(s string) bool { return len(s) == hashLength && strings.Trim(s, "0123456789abcdef") == "" }
