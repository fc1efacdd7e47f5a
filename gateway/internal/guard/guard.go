// Package guard authorizes requests at the gateway's two entry points to an API, `/v1` and forward
// auth: it reads the bearer token of a request, has it checked, and writes the result, which is a
// denial in the documented format or the verified identity as headers.
//
// It owns how a credential is read and which headers carry an identity. It makes no decision: the
// checker does.
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

// Checker authorizes a request. CheckRequest returns the token, an *enforce.Denial where the request
// must be refused, and any other error where it cannot find out.
type Checker interface {
	CheckRequest(ctx context.Context, r usher.Request) (*usher.Token, error)
}

// Guard authorizes requests.
type Guard struct {
	Checker Checker
	Logger  *slog.Logger
	// Timeout is the timeout of one check.
	Timeout time.Duration
}

// Authorized is the token of a request that may be served.
type Authorized struct {
	*usher.Token
	// Credential is that of the request.
	enforce.Credential
}

// SetCredential sets the headers of the request's own credential, for an API that validates it again.
func (p Authorized) SetCredential(h http.Header) {
	if !p.DPoP {
		h["Authorization"] = []string{"Bearer " + p.Credential.Token}
		return
	}
	h["Authorization"], h["Dpop"] = []string{"DPoP " + p.Credential.Token}, p.Proofs
}

// Subject is the request to check.
type Subject struct {
	Method string
	// Path is that of the request line, undecoded and without the query.
	Path string
	// Source is the address that it came from; empty where that is not known.
	Source string
}

// Authorize checks a request by the headers Authorization and DPoP of r alone (RFC 9700 §4.3.2).
func (g Guard) Authorize(r *http.Request, s Subject) (Authorized, *enforce.Denial) {
	sent := enforce.ReadCredential(r.Header["Authorization"], r.Header["Dpop"])
	ctx, cancel := context.WithTimeout(r.Context(), g.Timeout)
	defer cancel()
	token, err := g.Checker.CheckRequest(ctx, usher.Request{Credential: sent, Method: s.Method, Path: s.Path, Source: s.Source})
	if err == nil && token != nil && sent.Token != "" {
		return Authorized{token, sent}, nil
	}
	var denial *enforce.Denial
	if !errors.As(err, &denial) {
		denial = enforce.Unavailable()
	}
	refusal.Note(r.Context(), refusalOf(CauseOf(sent.Token, denial), denial, usher.RefusedToken(err)))
	if denial.Status >= http.StatusInternalServerError && r.Context().Err() == nil {
		g.Logger.WarnContext(ctx, "a token could not be checked", "error", err)
	}
	return Authorized{}, denial
}

// SetIdentityHeaders sets the headers of the verified identity, and leaves out those without a
// value.
func (p Authorized) SetIdentityHeaders(h http.Header) {
	identity := enforce.Identity{
		Kind: p.Kind, Subject: p.Subject, ClientID: p.ClientID, WorkspaceID: p.WorkspaceID, Scope: strings.Join(p.Scopes, " "),
	}
	for _, header := range identity.Headers() {
		if header.Value != "" {
			h[header.Name] = []string{header.Value}
		}
	}
}

// SetDenialHeaders sets the headers of a denial.
func SetDenialHeaders(h http.Header, d *enforce.Denial) {
	for _, header := range d.Headers() {
		h.Set(header.Name, header.Value)
	}
}

// WriteDenial writes a denial as the response.
func WriteDenial(w http.ResponseWriter, d *enforce.Denial) {
	SetDenialHeaders(w.Header(), d)
	w.WriteHeader(d.Status)
	_, _ = w.Write(d.JSON()) // fails only where the client has disconnected
}
