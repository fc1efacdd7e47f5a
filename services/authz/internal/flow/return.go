package flow

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// returnedByUser reports whether a refusal is shown to the user instead of redirecting: the client
// is not verified, so that a redirect without the user would make the server an open redirector
// (RFC 9700 §4.11.2). A request with prompt=none redirects, since it must not show a page.
func (a *request) returnedByUser(r *refusal) bool {
	return r.code != "" && a.Unverified && a.redirectable() && !a.silentOnly()
}

// silentOnly reports prompt=none. It reads the parameter itself: a check before checkPrompt may have
// refused.
func (a *request) silentOnly() bool {
	return !a.repeated("prompt") && slices.Equal(strings.Fields(a.value("prompt")), []string{"none"})
}

// hold stores a refused request, so that the user can sign in and then see what was wrong.
func (f Flow) hold(ctx context.Context, a *request, r *refusal, browser Browser) (Step, error) {
	if err := f.Starts.Allow(ctx, f.starter(browser)); err != nil {
		return Step{}, err
	}
	refused := f.logged(a, r)
	stored := a.Request
	stored.Refusal = &pending.Refusal{
		Cause: r.cause, Code: r.code, Text: r.text,
		Parameter: refused.Parameter, Expected: refused.Expected, LoggedAs: browser.HTTPRequestID,
	}
	id, err := f.Pending.Open(ctx, browser.Token, stored)
	if err != nil {
		return Step{}, err
	}
	to := dispatch(state{signedIn: !browser.Session.IsZero(), refused: true})
	return Step{Kind: to.kind, RequestID: id, Refusal: refused}, nil
}

// ownedClient returns the client of a request, if a workspace owns it; empty where that is not known,
// since a page does without.
func (f Flow) ownedClient(ctx context.Context, p pending.Authorization) string {
	registration, err := f.Clients.FindKnown(ctx, p.ClientID)
	if err != nil {
		return ""
	}
	return contact(registration).ClientID
}

// returnLocation returns where the user returns to a client that is not verified, with an error;
// zero for a verified client, for a device, and for a client whose registration no longer permits the
// request.
func (f Flow) returnLocation(ctx context.Context, p pending.Authorization) (secret.String, error) {
	if !p.Unverified || p.Device != nil {
		return secret.String{}, nil
	}
	err := f.recheckClient(ctx, p)
	switch {
	case errors.Is(err, pending.ErrNotFound):
		return secret.String{}, nil
	case err != nil:
		return secret.String{}, err
	}
	return f.denied(p)
}
