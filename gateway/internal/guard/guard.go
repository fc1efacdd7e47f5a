// Package guard stands at the gateway's two doors to an API: it reads the bearer's token from a request, has it judged, and
// says the answer: a denial in the documented shape, or the verified identity as headers.
//
// It owns how a credential is read and which headers carry an identity. It decides nothing: the checker does.
package guard

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/refusal"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
)

// Checker says in whose name a request may be served. It fails with an *enforce.Denial, or with anything else when the answer
// cannot be known.
type Checker interface {
	Check(ctx context.Context, token, method, path string) (*usher.Token, error)
}

// Guard judges requests.
type Guard struct {
	Checker Checker
	Logger  *slog.Logger
	// Timeout bounds a judgement.
	Timeout time.Duration
}

// Pass is a request that may be served.
type Pass struct {
	*usher.Token
	// Bearer is the credential that was judged.
	Bearer string
}

// Judge judges a request by its Authorization header and by nothing else (RFC 9700 §4.3.2). The path is as it stood in the
// request line, undecoded and without the query.
func (g Guard) Judge(r *http.Request, method, path string) (Pass, *enforce.Denial) {
	bearer, sent := enforce.Bearer(r.Header["Authorization"])
	if bearer == "" {
		refusal.NoteCause(r.Context(), unread(sent))
		return Pass{}, enforce.Unauthenticated(sent)
	}
	ctx, cancel := context.WithTimeout(r.Context(), g.Timeout)
	defer cancel()
	token, err := g.Checker.Check(ctx, bearer, method, path)
	if err == nil && token != nil {
		return Pass{token, bearer}, nil
	}
	var denial *enforce.Denial
	if !errors.As(err, &denial) {
		denial = enforce.Unavailable()
	}
	refusal.NoteCause(r.Context(), causeOf(bearer, denial))
	if denial.Status >= http.StatusInternalServerError && r.Context().Err() == nil {
		g.Logger.WarnContext(ctx, "a token could not be judged", "error", err)
	}
	return Pass{}, denial
}

// Identify sets the headers of the verified identity. One that would be empty is not sent.
func (p Pass) Identify(h http.Header) {
	identity := enforce.Identity{
		Kind: p.Kind, Subject: p.Subject, ClientID: p.ClientID, WorkspaceID: p.WorkspaceID, Scope: strings.Join(p.Scopes, " "),
	}
	for _, header := range identity.Headers() {
		if header.Value != "" {
			h[header.Name] = []string{header.Value}
		}
	}
}

// Head sets a denial's headers.
func Head(h http.Header, d *enforce.Denial) {
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if d.Challenge != "" {
		h.Set("WWW-Authenticate", d.Challenge)
	}
	if d.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", enforce.RetryAfter)
	}
}

// Deny answers with a denial.
func Deny(w http.ResponseWriter, d *enforce.Denial) {
	Head(w.Header(), d)
	w.WriteHeader(d.Status)
	_, _ = w.Write(d.JSON()) // whoever asked has gone: nothing to do
}
