package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/pending"
	"github.com/vidocu/usher/services/authz/internal/pushed"
)

// PushRequest is the pushed request of an authenticated client (RFC 9126 §2.1).
type PushRequest struct {
	ClientID string
	// Form is the body: an undecoded form.
	Form string
	// Proof is the DPoP proof of the request; zero without one.
	Proof Proof
	// Hint is the ID token of the request, as the token service verified it; nil for none.
	Hint *IDTokenHint
	// Source is the client's network address; empty if it is not known.
	Source string
}

// Proof is a DPoP proof, as the token service verified it.
type Proof struct {
	// Key is the thumbprint of its key.
	Key string
	// Algorithm is what it is signed with.
	Algorithm string
}

// storedParams are the parameters that the checks read, which must all be stored: the checks are made again
// when the browser comes. No other one is, neither what authenticates a client nor what it invents.
func storedParams(a *request) []string {
	names := []string{
		"client_id", "redirect_uri", "state", "response_mode", "response_type", "scope", "resource", "code_challenge", "code_challenge_method",
		dpopKeyParam, "prompt", "max_age", "nonce", "id_token_hint",
	}
	if a.LoginHint != "" { // else it is dropped, and may be long
		names = append(names, "login_hint")
	}
	if a.uiLocales != "" { // likewise
		names = append(names, uiLocalesParam)
	}
	return names
}

// Push validates and stores the request of a client, by the checks of the authorization endpoint, and
// returns its request_uri with the lifetime (RFC 9126 §2.2). It returns a *RequestError, a
// *ratelimit.LimitedError of the source of a client that anyone can be (see anyone), or another error if
// the request could not be validated, such as the *document.Failure of a document that cannot be read.
func (f Flow) Push(ctx context.Context, r PushRequest) (uri secret.String, lifetime time.Duration, err error) {
	params, err := oauth.ParseQuery(r.Form)
	if err != nil {
		return secret.String{}, 0, unreadable(err.Error())
	}
	// Basic and an assertion name the client by themselves.
	a := &request{params: params.With("client_id", r.ClientID), push: true, proof: r.Proof, hint: r.Hint}
	if err := f.check(ctx, a); err != nil {
		return secret.String{}, 0, f.pushError(a, err)
	}
	if a.DPoPKey != "" {
		a.params = a.params.With(dpopKeyParam, a.DPoPKey) // the proof is not there when the browser comes
	}
	if a.uiLocales != "" {
		a.params = a.params.With(uiLocalesParam, a.uiLocales) // once: the others are not read, and may be long
	}
	encoded := a.params.Encode(storedParams(a)...)
	if _, err := oauth.ParseForm(encoded); err != nil { // as loadPushed will: client_id and dpop_jkt count too
		return secret.String{}, 0, unreadable(fmt.Sprintf("with client_id and %s there are more than %d parameters", dpopKeyParam, oauth.MaxParams))
	}
	if anyone(a.client) {
		if err := f.Starts.Allow(ctx, Starter{Source: r.Source}); err != nil {
			return secret.String{}, 0, err
		}
	}
	uri, err = f.Pushed.Keep(ctx, pushed.Request{
		ClientID: a.ClientID, Parameters: encoded, HintUserID: a.Demand.UserID,
	})
	return uri, pushed.Lifetime, err
}

// anyone reports whether a stranger can push requests as the client: it has no secret, or is not verified, as
// a client that registered itself. Each request stays in the short-lived store until it expires.
func anyone(c client.Registration) bool { return c.Type == client.Public || c.Unverified }

// unreadable refuses a form whose parameters cannot be read, or could not be read when the browser comes.
func unreadable(problem string) error {
	return &RequestError{Cause: cause.QueryMalformed, Code: invalidRequestCode, Text: problem}
}

// pushError converts a refusal, also one that the authorization endpoint shows on a page: a client
// reads every response to a push. Of a document that cannot be read it returns the *document.Failure.
func (f Flow) pushError(a *request, err error) error {
	var refused *refusal
	if !errors.As(err, &refused) {
		return err
	}
	if refused.unreadable != nil { // says nothing about the request, which the client may repeat
		return refused.unreadable
	}
	text, code := refused.text, refused.code
	if code == "" {
		code = invalidRequestCode
	}
	if len(refused.names) > 0 {
		names := make([]any, len(refused.names))
		for i, name := range refused.names {
			names[i] = name
		}
		text = fmt.Sprintf(text, names...)
	}
	logged := f.logged(a, refused)
	return cause.Expecting(&RequestError{Cause: refused.cause, Code: code, Text: text}, logged.Parameter, logged.Expected)
}

// loadPushed replaces the parameters of a request by those that its client pushed: no other parameter
// in the browser counts (RFC 9126 §4). A request_uri that the client cannot use results in a
// page, since no redirect URI is known.
func (f Flow) loadPushed(ctx context.Context, a *request) error {
	if a.repeated("request_uri") {
		return pageWith(cause.ParameterRepeated, "The app sent the parameter request_uri more than once.").of("request_uri")
	}
	if err := checkClient(ctx, f, a); err != nil {
		return err
	}
	found, id, err := f.Pushed.Find(ctx, a.value("request_uri"), a.client.ID)
	if errors.Is(err, pushed.ErrNotFound) {
		return pageWith(cause.Of(err), "The app's request is not known here, or not any more: it was answered already, or it has expired. Go back to the app and start again.")
	}
	if err != nil {
		return err
	}
	if a.params, err = oauth.ParseForm(found.Parameters); err != nil {
		return fmt.Errorf("reading a pushed request: %w", err)
	}
	a.PushedID, a.hint = id, nil // an ID token in the browser's address does not count
	if found.HintUserID != "" {
		a.hint = &IDTokenHint{ClientID: found.ClientID, UserID: found.HintUserID}
	}
	return nil
}

// spend spends the request_uri of a pushed request for this authorization. A second authorization
// that began with the same one returns pending.ErrDecided.
func (f Flow) spend(ctx context.Context, p pending.Authorization) error {
	if p.PushedID == "" {
		return nil
	}
	err := f.Pushed.Claim(ctx, p.PushedID, p.ID)
	if errors.Is(err, pushed.ErrUsed) {
		return usedElsewhere()
	}
	return err
}

// CheckUnused returns pending.ErrDecided if another authorization of the same pushed request was
// decided.
func (f Flow) CheckUnused(ctx context.Context, p pending.Authorization) error {
	if p.PushedID == "" || p.Outcome != nil {
		return nil
	}
	err := f.Pushed.Check(ctx, p.PushedID, p.ID)
	if errors.Is(err, pushed.ErrUsed) {
		return usedElsewhere()
	}
	return err
}

func usedElsewhere() error { return cause.With(pending.ErrDecided, cause.PushedRequestUsed) }
