package httpx

import (
	"net/http"

	"github.com/rs/cors"
)

// CORS lets a client in a browser read the responses from any origin, never with cookies. Any
// request header is allowed, because tracing libraries add their own to every request.
func CORS(h http.Handler) http.Handler {
	return withCORS(h, http.MethodGet, http.MethodHead, http.MethodPost)
}

// OpenCORS is CORS with all methods: for the API behind the gateway, whose methods the gateway does
// not define, and for paths without a route.
func OpenCORS(h http.Handler) http.Handler {
	return withCORS(h, http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete)
}

func withCORS(h http.Handler, methods ...string) http.Handler {
	shared := cors.New(cors.Options{
		AllowedOrigins: []string{"*"}, AllowedMethods: methods, MaxAge: 600,
		AllowedHeaders: []string{"*"}, // the response lists the requested headers: a literal `*` would not include Authorization (Fetch, CORS protocol)
		ExposedHeaders: []string{"DPoP-Nonce", "Retry-After", "WWW-Authenticate", "Usher-Request-Id"},
	}).Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Origin"]) == 0 { // no cross-origin browser request, as most are
			w.Header().Add("Vary", "Origin")
			h.ServeHTTP(w, r)
			return
		}
		shared.ServeHTTP(w, r)
	})
}
