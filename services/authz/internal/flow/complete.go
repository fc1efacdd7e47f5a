package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// Decision is what a person decided about a pending authorization.
type Decision struct {
	RequestID string
	// Browser is the browser cookie's value.
	Browser secret.String
	// UserID is who decided: it must be who saw the consent screen.
	UserID string
	// Approval is nil when the person denied.
	Approval *Approval
}

// Approval is what the person agreed to.
type Approval struct {
	WorkspaceID string
	// DisplayName is the person's name at this moment.
	DisplayName string
}

// Complete closes an authorization and answers where the browser goes, which holds a code or access_denied. Everything is
// checked before anything is taken, so that a wrong call closes nothing; of several right ones, one gets a location and
// the others pending.ErrNotFound.
func (f Flow) Complete(ctx context.Context, d Decision) (secret.String, error) {
	p, err := f.Pending.Find(ctx, d.RequestID, d.Browser)
	if err != nil {
		return secret.String{}, err
	}
	if err := f.decidable(ctx, p, d.UserID); err != nil {
		return secret.String{}, err
	}
	if _, err := f.Pending.Close(ctx, d.RequestID, d.Browser); err != nil {
		return secret.String{}, err
	}
	if d.Approval == nil {
		return f.respond(p, [2]string{"error", "access_denied"}, [2]string{"error_description", "the user denied the request"})
	}
	minted, err := f.Codes.Mint(ctx, facts(p, *d.Approval))
	if err != nil {
		return secret.String{}, err
	}
	return f.respond(p, [2]string{"code", minted.Reveal()})
}

// decidable reports whether the person may still decide: it is they who saw the screen, and the app is still what it was
// when it asked. What the screen was bound to never changes again, so nothing can come between this and Close.
func (f Flow) decidable(ctx context.Context, p pending.Authorization, userID string) error {
	if p.Viewer.UserID == "" || p.Viewer.UserID != userID {
		return cause.With(pending.ErrNotFound, cause.AuthorizationOtherUser)
	}
	app, err := f.Clients.Find(ctx, p.ClientID)
	if errors.Is(err, client.ErrUnknown) {
		return clientChanged()
	}
	if err != nil {
		return fmt.Errorf("finding the client: %w", err)
	}
	if !permits(app, p.RedirectURI) || !app.Scope.Covers(p.Scope) || !app.May(client.AuthorizationCode) {
		return clientChanged()
	}
	if app.Type == client.Public && p.CodeChallenge == "" {
		return clientChanged() // it had a secret when it asked: now nothing would prove who redeems the code
	}
	return nil
}

func clientChanged() error { return cause.With(pending.ErrNotFound, cause.AuthorizationClientChanged) }

func (f Flow) respond(p pending.Authorization, result ...[2]string) (secret.String, error) {
	location, err := f.answer(p.RedirectURI, p.State, result...)
	if err != nil {
		return secret.String{}, fmt.Errorf("answering an authorization: %w", err)
	}
	return secret.New(location), nil
}

func facts(p pending.Authorization, a Approval) code.Facts {
	return code.Facts{
		ClientID: p.ClientID, RedirectURI: p.RedirectURI, CodeChallenge: p.CodeChallenge,
		UserID: p.Viewer.UserID, DisplayName: a.DisplayName, WorkspaceID: a.WorkspaceID,
		Scope: p.Scope, Epoch: p.Viewer.Epoch,
	}
}
