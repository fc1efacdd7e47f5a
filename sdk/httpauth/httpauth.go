// Package httpauth is HTTP middleware: it lets through what a token opens and answers everything else as documented.
//
// It owns the reading of the request and the writing of a denial. It never decides: the checker does.
package httpauth

import (
	"context"
	"errors"
	"net/http"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
)

// Checker decides; *usher.Client is one.
type Checker interface {
	Check(ctx context.Context, token, method, path string) (*usher.Token, error)
}

// New makes middleware.
func New(checker Checker) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, sent := enforce.Bearer(r.Header["Authorization"])
			if token == "" {
				deny(w, enforce.Unauthenticated(sent))
				return
			}
			who, err := checker.Check(r.Context(), token, r.Method, r.URL.EscapedPath())
			if err != nil {
				denial := enforce.Unavailable()
				_ = errors.As(err, &denial)
				deny(w, denial)
				return
			}
			next.ServeHTTP(w, r.WithContext(usher.NewContext(r.Context(), who)))
		})
	}
}

func deny(w http.ResponseWriter, d *enforce.Denial) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if d.Challenge != "" {
		w.Header().Set("WWW-Authenticate", d.Challenge)
	}
	w.WriteHeader(d.Status)
	_, _ = w.Write(d.JSON())
}
