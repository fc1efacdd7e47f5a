package flow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/code"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// Decision is a user's decision about a pending authorization.
type Decision struct {
	RequestID string
	// Browser and Session are the values of the cookies.
	Browser, Session secret.String
	// UserID is the user who decided.
	UserID string
	// ClientID is the client that the consent page named; empty where the caller read the authorization.
	ClientID string
	// Epoch is the epoch of the user-client that the consent page showed; nil for a page whose
	// viewer was bound (release 0.1).
	Epoch *int64
	// Approval is nil when the user denied.
	Approval *Approval
	// ReportRepeat requests only the outcome, without the location, if the approval was made
	// before.
	ReportRepeat bool
	// RenewCode requests a new code if the decision is repeated: the client may already have
	// received the previous one.
	RenewCode bool
	// CodeRedeemed says that the client has redeemed the code. See secondClick.
	CodeRedeemed bool
	// Silent says that the decision was made without a page.
	Silent bool
}

// outcome converts the decision to its stored form, without the scope.
func (d Decision) outcome() pending.Outcome {
	if d.Approval == nil {
		return pending.Outcome{UserID: d.UserID}
	}
	outcome := pending.Outcome{
		Approved: true, UserID: d.UserID, WorkspaceID: d.Approval.WorkspaceID, DisplayName: d.Approval.DisplayName,
		AuthTime: d.Approval.AuthTime,
	}
	if !d.Session.IsZero() {
		outcome.Session = secret.Sum(d.Session.Reveal())
	}
	return outcome
}

// Completed is a decided authorization.
type Completed struct {
	pending.Authorization
	// Location is where the browser is redirected to, with a code or access_denied; zero for a
	// repeat that was only reported, and for a device, which polls for the outcome.
	Location secret.String
}

// secondClick is how long after an approval the same approval returns a new code although the first
// one is redeemed. A second click in that time interrupts the redirect of the first, and without a
// new code the user would never reach the client.
const secondClick = 10 * time.Second

// Approval is the user's approval.
type Approval struct {
	WorkspaceID string
	// DisplayName is the user's name at the time of the approval.
	DisplayName string
	// Chosen are the scopes that the user approved; nil where the user did not choose among the optional
	// ones, so that all requested scopes are approved.
	Chosen *oauth.Scope
	// AuthTime is when the user authenticated; zero where that is not known.
	AuthTime time.Time
}

// Complete decides an authorization and returns the redirect. It validates everything before it
// stores the decision, so that an invalid call decides nothing. Of concurrent calls, one decides.
// The same decision again returns the same location as long as the code is valid, with the same
// code unless a new one is requested; any other decision returns pending.ErrDecided. It returns
// ErrSignedOut if the client requires a new sign-in and the session is older, and an
// *oauth.FieldError for scopes that cannot be chosen.
func (f Flow) Complete(ctx context.Context, d Decision) (Completed, error) {
	outcome := d.outcome()
	admitted := false
	p, won, err := f.Pending.Close(ctx, d.RequestID, d.Browser, func(p *pending.Authorization) error {
		if err := f.decidable(ctx, p, d); err != nil {
			return err
		}
		scope, err := f.chosenScope(ctx, *p, d.Approval)
		if err != nil {
			return err
		}
		if err := f.spend(ctx, *p); err != nil {
			return err
		}
		if d.Approval != nil && !admitted {
			if err := f.admit(ctx, *p, d); err != nil {
				return err
			}
			admitted = true // the store may call this function again
		}
		outcome.Scope, p.Outcome = scope, &outcome
		return nil
	})
	if err != nil {
		return Completed{}, err
	}
	if !p.Outcome.Same(outcome) {
		return Completed{}, pending.ErrDecided
	}
	if won && p.Outcome.Approved && f.Recorder != nil {
		f.Recorder.Granted(p.ClientID, approvedRequest(p).Scope)
	}
	if !won {
		if err := f.recheckChoice(ctx, p, d.Approval); err != nil {
			return Completed{}, err
		}
		if err := f.recheckClient(ctx, p); err != nil { // the registration may have changed in between
			return Completed{}, err
		}
		if d.ReportRepeat && p.Outcome.Approved {
			return Completed{Authorization: p}, nil
		}
	}
	location, err := f.location(ctx, p, d, won)
	return Completed{p, location}, err
}

// location returns the redirect of a decision. won is false for a repeated decision.
func (f Flow) location(ctx context.Context, p pending.Authorization, d Decision, won bool) (secret.String, error) {
	switch {
	case p.Device != nil:
		return secret.String{}, nil
	case !p.Outcome.Approved:
		return f.denied(p)
	case won:
		return f.approved(ctx, p, d.Browser)
	}
	return f.repeat(ctx, p, d)
}

// Cancel denies an undecided authorization, for a browser without a sign-in for it, and returns the
// next step. A repeated call returns the same step. For a request with another decision it returns
// pending.ErrDecided.
func (f Flow) Cancel(ctx context.Context, id string, browser secret.String) (Step, error) {
	p, _, err := f.Pending.Close(ctx, id, browser, func(p *pending.Authorization) error {
		p.Outcome = &pending.Outcome{}
		if err := f.recheckClient(ctx, *p); err != nil {
			return err
		}
		return f.spend(ctx, *p)
	})
	switch {
	case err != nil:
		return Step{}, err
	case !p.Outcome.Same(pending.Outcome{}):
		return Step{}, pending.ErrDecided
	case p.Unverified || p.Device != nil:
		return Step{Kind: ReturnPage, RequestID: id}, nil
	}
	location, err := f.denied(p)
	return Step{Kind: Redirect, Location: location}, err
}

// denied returns the response without a code: the error of a refused request, or else
// access_denied.
func (f Flow) denied(p pending.Authorization) (secret.String, error) {
	if r := p.Refusal; r != nil {
		return f.respond(p, [2]string{"error", r.Code}, [2]string{"error_description", r.Text})
	}
	return f.respond(p, [2]string{"error", "access_denied"}, [2]string{"error_description", "the user denied the request"})
}

// approved stores the code of the approval, which is a no-op for a repeated decision, and returns
// the location.
func (f Flow) approved(ctx context.Context, p pending.Authorization, browser secret.String) (secret.String, error) {
	minted := code.Derive(browser, p.ID, p.Outcome.Attempt)
	err := f.CodesOf(p).Keep(ctx, minted, approvedRequest(p), p.Outcome.At)
	if errors.Is(err, code.ErrInvalid) {
		return secret.String{}, pending.ErrDecided // the code has expired
	}
	if err != nil {
		return secret.String{}, err
	}
	return f.respond(p, [2]string{"code", minted.Reveal()})
}

// repeat returns the location of an approval again, with a new code if one is requested. At most
// one code of an approval is redeemable at any time: a new code replaces the previous one, and a
// concurrent call that stored the replaced code deletes it.
func (f Flow) repeat(ctx context.Context, p pending.Authorization, d Decision) (secret.String, error) {
	current := p
	var err error
	if d.CodeRedeemed && f.Now().Sub(p.Outcome.At) > secondClick {
		return secret.String{}, pending.ErrDecided
	}
	redeemed := 0 // the attempt whose code is not deleted: it is the evidence of a replay
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

// decidable returns an error unless the user may decide, and sets the user as viewer: the consent
// form is bound to the user's session, so that the user saw the page. It also checks the sign-in
// that the client requires, and the client's registration.
func (f Flow) decidable(ctx context.Context, p *pending.Authorization, d Decision) error {
	switch {
	case p.Refusal != nil, p.Silent != d.Silent:
		return pending.ErrDecided
	case d.ClientID != "" && d.ClientID != p.ClientID: // the caller checked the policies about another client
		return cause.With(pending.ErrUnknown, cause.AuthorizationUnknown)
	case d.Epoch != nil:
		p.Viewer = pending.Viewer{UserID: d.UserID, Epoch: *d.Epoch}
	case p.Viewer.UserID == "" || p.Viewer.UserID != d.UserID:
		return cause.With(pending.ErrNotFound, cause.AuthorizationOtherUser)
	}
	var signedIn time.Time
	if d.Approval != nil {
		signedIn = d.Approval.AuthTime
	}
	if !d.Session.IsZero() && !p.Demand.Meets(d.Session, signedIn) || !p.Demand.Admits(d.UserID) {
		return ErrSignedOut
	}
	return f.recheckClient(ctx, *p)
}

// recheckClient returns an error if the client's registration no longer permits the request. The
// request of a client with a document was validated with the document of its start, and stays so:
// a document that changes while the user decides, or cannot be read, changes nothing.
func (f Flow) recheckClient(ctx context.Context, p pending.Authorization) error {
	if client.IsDocument(p.ClientID) {
		accepted, err := f.Clients.Accepts(ctx, p.ClientID)
		if err == nil && !accepted {
			err = clientChanged()
		}
		return err
	}
	registration, err := f.Clients.Find(ctx, p.ClientID)
	if errors.Is(err, client.ErrUnknown) {
		return clientChanged()
	}
	if err != nil {
		return fmt.Errorf("finding the client: %w", err)
	}
	if p.Device != nil {
		if !permitsDevice(registration, p) {
			return &ClientError{p.ClientID, clientChanged()}
		}
		return nil
	}
	if p.Refusal != nil && permits(registration, p.RedirectURI) {
		return nil // no code is issued for it
	}
	if !permits(registration, p.RedirectURI) || !registration.Scope.Covers(p.Scope) || !registration.May(oauth.AuthorizationCodeGrant) {
		return &ClientError{p.ClientID, clientChanged()}
	}
	if requiresChallenge(registration) && p.CodeChallenge == "" {
		return &ClientError{p.ClientID, clientChanged()} // it was not required at the start: without PKCE nothing would protect the code now
	}
	if registration.RequiresPush() && p.PushedID == "" {
		return &ClientError{p.ClientID, clientChanged()}
	}
	return nil
}

// shortCode is the longest life of a code that FAPI 2.0 §5.3.2.2 allows.
const shortCode = time.Minute

// CodesOf returns the codes with the lifetime that the request's client permits.
func (f Flow) CodesOf(p pending.Authorization) *code.Store {
	if p.ShortCode {
		return f.Codes.Limited(shortCode)
	}
	return f.Codes
}

func clientChanged() error { return cause.With(pending.ErrNotFound, cause.AuthorizationClientChanged) }

func (f Flow) respond(p pending.Authorization, result ...[2]string) (secret.String, error) {
	location, err := f.responseURL(p.RedirectURI, p.State, result...)
	if err != nil {
		return secret.String{}, fmt.Errorf("building the authorization response: %w", err)
	}
	return secret.New(location), nil
}

func approvedRequest(p pending.Authorization) oauth.ApprovedRequest {
	if p.Outcome.Scope != "" {
		p.Scope = strings.Fields(p.Outcome.Scope)
	}
	approved := oauth.ApprovedRequest{
		AuthorizationRequest: p.AuthorizationRequest, UserID: p.Viewer.UserID, DisplayName: p.Outcome.DisplayName,
		WorkspaceID: p.Outcome.WorkspaceID, Epoch: p.Viewer.Epoch, AuthTime: p.Outcome.AuthTime,
	}
	if p.Device == nil { // the session is the browser's, and not the device's
		approved.SessionID = oauth.SessionID(p.Outcome.Session, p.ClientID)
	}
	return approved
}
