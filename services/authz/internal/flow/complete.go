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
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// Decision is what a user decided about a pending authorization.
type Decision struct {
	RequestID string
	// Browser and Session are the cookies' values.
	Browser, Session secret.String
	// UserID is the user who decided.
	UserID string
	// Epoch is the epoch of the user-client that the consent page showed; nil for a page whose viewer was bound (release 0.1).
	Epoch *int64
	// Approval is nil when the user denied.
	Approval *Approval
	// ReportRepeat asks for the outcome of an approval that was made before, and not for its location.
	ReportRepeat bool
	// RenewCode asks for a fresh code where the decision is repeated: the client may have the one before already.
	RenewCode bool
	// CodeRedeemed says that the client has redeemed the code. See secondClick.
	CodeRedeemed bool
}

// outcome is the decision as it is kept.
func (d Decision) outcome() pending.Outcome {
	if d.Approval == nil {
		return pending.Outcome{UserID: d.UserID}
	}
	return pending.Outcome{
		Approved: true, UserID: d.UserID, WorkspaceID: d.Approval.WorkspaceID, DisplayName: d.Approval.DisplayName,
	}
}

// Completed is an authorization that was decided.
type Completed struct {
	pending.Authorization
	// Location is where the browser goes, with a code or access_denied; zero for a repeat that was only reported.
	Location secret.String
}

// secondClick is for how long after an approval the same approval returns a fresh code although the first one is redeemed. A
// second click within it interrupts the browser on its way to the client, and the person would never get there.
const secondClick = 10 * time.Second

// Approval is what the person agreed to.
type Approval struct {
	WorkspaceID string
	// DisplayName is the person's name at this moment.
	DisplayName string
}

// Complete decides an authorization and returns where the browser goes. Everything is checked before anything is closed, so that a
// wrong call closes nothing. Of any number of concurrent calls one decides. The same decision again returns the same location as
// long as its code lives, with the same code unless a fresh one is asked for, and any other decision fails with pending.ErrDecided.
// It fails with ErrSignedOut where the client asked for a new sign-in and the session is not one.
func (f Flow) Complete(ctx context.Context, d Decision) (Completed, error) {
	outcome := d.outcome()
	p, won, err := f.Pending.Close(ctx, d.RequestID, d.Browser, func(p *pending.Authorization) error {
		if err := f.decidable(ctx, p, d); err != nil {
			return err
		}
		p.Outcome = &outcome
		return nil
	})
	if err != nil {
		return Completed{}, err
	}
	if !p.Outcome.Same(outcome) {
		return Completed{}, pending.ErrDecided
	}
	if !won {
		if err := f.answerable(ctx, p); err != nil { // the client may have changed since
			return Completed{}, err
		}
		if d.ReportRepeat && p.Outcome.Approved {
			return Completed{Authorization: p}, nil
		}
	}
	location, err := f.location(ctx, p, d, won)
	return Completed{p, location}, err
}

// location is where the browser goes after a decision, which was made before unless it has won.
func (f Flow) location(ctx context.Context, p pending.Authorization, d Decision, won bool) (secret.String, error) {
	switch {
	case !p.Outcome.Approved:
		return f.denied(p)
	case won:
		return f.approved(ctx, p, d.Browser)
	}
	return f.repeat(ctx, p, d)
}

// Cancel denies an authorization that nobody decided, for a browser in which nobody signed in for it. The same again returns
// the same location, and a request that was decided otherwise is pending.ErrDecided.
func (f Flow) Cancel(ctx context.Context, id string, browser secret.String) (secret.String, error) {
	p, _, err := f.Pending.Close(ctx, id, browser, func(p *pending.Authorization) error {
		p.Outcome = &pending.Outcome{}
		return f.answerable(ctx, *p)
	})
	if err != nil {
		return secret.String{}, err
	}
	if !p.Outcome.Same(pending.Outcome{}) {
		return secret.String{}, pending.ErrDecided
	}
	return f.denied(p)
}

func (f Flow) denied(p pending.Authorization) (secret.String, error) {
	return f.respond(p, [2]string{"error", "access_denied"}, [2]string{"error_description", "the user denied the request"})
}

// approved keeps the approval's code, which is there already when the decision is repeated, and returns the location.
func (f Flow) approved(ctx context.Context, p pending.Authorization, browser secret.String) (secret.String, error) {
	minted := code.Derive(browser, p.ID, p.Outcome.Attempt)
	err := f.Codes.Keep(ctx, minted, approvedRequest(p), p.Outcome.At)
	if errors.Is(err, code.ErrInvalid) {
		return secret.String{}, pending.ErrDecided // its code's time is over
	}
	if err != nil {
		return secret.String{}, err
	}
	return f.respond(p, [2]string{"code", minted.Reveal()})
}

// repeat returns the location of an approval once more, with a fresh code where one is asked for. At any time at most one code
// of an approval can be redeemed: a fresh code replaces the one before, and a call that stored a code which was replaced
// meanwhile deletes it.
func (f Flow) repeat(ctx context.Context, p pending.Authorization, d Decision) (secret.String, error) {
	current := p
	var err error
	if d.CodeRedeemed && f.Now().Sub(p.Outcome.At) > secondClick {
		return secret.String{}, pending.ErrDecided
	}
	redeemed := 0 // the attempt whose code needs no deletion: it stays the evidence for a replay
	if d.CodeRedeemed {
		redeemed = p.Outcome.Attempt
	}
	if d.RenewCode || d.CodeRedeemed {
		if current, err = f.Pending.Renew(ctx, p.ID, d.Browser, p.Outcome.Attempt); err != nil {
			return secret.String{}, err
		}
	}
	for {
		if current.Outcome.Attempt != p.Outcome.Attempt && p.Outcome.Attempt != redeemed {
			if err := f.Codes.Drop(ctx, code.Derive(d.Browser, p.ID, p.Outcome.Attempt)); err != nil {
				return secret.String{}, err
			}
		}
		p = current
		location, err := f.approved(ctx, p, d.Browser)
		if err != nil {
			return secret.String{}, err
		}
		if current, err = f.Pending.Look(ctx, p.ID, d.Browser); err != nil {
			return secret.String{}, err
		}
		if current.Outcome != nil && current.Outcome.Attempt == p.Outcome.Attempt {
			return location, nil
		}
	}
}

// decidable reports whether the user may decide, and makes the viewer the one of this decision: the consent page was theirs, since
// its form is bound to their session; the client has the sign-in that it asked for, and may have its answer.
func (f Flow) decidable(ctx context.Context, p *pending.Authorization, d Decision) error {
	switch {
	case d.Epoch != nil:
		p.Viewer = pending.Viewer{UserID: d.UserID, Epoch: *d.Epoch}
	case p.Viewer.UserID == "" || p.Viewer.UserID != d.UserID:
		return cause.With(pending.ErrNotFound, cause.AuthorizationOtherUser)
	}
	if !d.Session.IsZero() && !p.Demand.Meets(d.Session) {
		return ErrSignedOut
	}
	return f.answerable(ctx, *p)
}

// answerable reports whether the client may have an answer: it is still what it was when it asked.
func (f Flow) answerable(ctx context.Context, p pending.Authorization) error {
	app, err := f.Clients.Find(ctx, p.ClientID)
	if errors.Is(err, client.ErrUnknown) {
		return clientChanged()
	}
	if err != nil {
		return fmt.Errorf("finding the client: %w", err)
	}
	if !permits(app, p.RedirectURI) || !app.Scope.Covers(p.Scope) || !app.May(oauth.AuthorizationCodeGrant) {
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

func approvedRequest(p pending.Authorization) oauth.ApprovedRequest {
	return oauth.ApprovedRequest{
		AuthorizationRequest: p.AuthorizationRequest, UserID: p.Viewer.UserID, DisplayName: p.Outcome.DisplayName,
		WorkspaceID: p.Outcome.WorkspaceID, Epoch: p.Viewer.Epoch,
	}
}
