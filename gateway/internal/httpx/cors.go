package httpx

import (
	"net/http"

	"github.com/rs/cors"
)

// CORS lets an app that runs in a browser read the responses: never with cookies, so that any origin may, and with any header
// that a page sends: tracing adds headers of its own to every request.
func CORS(h http.Handler) http.Handler {
	return share(h, http.MethodGet, http.MethodHead, http.MethodPost)
}

// OpenCORS is CORS for an API whose methods are not ours to know, and for paths that are not routed.
func OpenCORS(h http.Handler) http.Handler {
	return share(h, http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete)
}

func share(h http.Handler, methods ...string) http.Handler {
	shared := cors.New(cors.Options{
		AllowedOrigins: []string{"*"}, AllowedMethods: methods, MaxAge: 600,
		AllowedHeaders: []string{"*"}, // a preflight response repeats what was asked: `*` itself would not cover Authorization
		ExposedHeaders: []string{"Retry-After", "WWW-Authenticate", "Usher-Request-Id"},
	}).Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Origin"]) == 0 { // not a browser's doing, as most requests are
			w.Header().Add("Vary", "Origin")
			h.ServeHTTP(w, r)
			return
		}
		shared.ServeHTTP(w, r)
	})
}
