package decision

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Verdict is the user's answer.
type Verdict int

// The answers. The zero value is none.
const (
	Undecided Verdict = iota
	Approve
	Deny
)

// Form is the consent form.
type Form struct {
	Request Request
	Verdict Verdict
	// WorkspaceID is the chosen workspace, which an approval needs.
	WorkspaceID string
	// Page is what the consent page showed; nil in the form of an outcome, and where authz bound
	// the page.
	Page *Page
	// AnsweredBefore says that the browser followed the response to an earlier post of the same
	// decision: the client may have the code.
	AnsweredBefore bool
}

// Decide takes the user's decision and returns where the browser goes, which holds a code or
// access_denied. The same decision again leads to the same place. It fails with each of the
// package's errors, and with ErrNotFound for a user who did not see the consent page and for a
// decision other than the one that was made.
//
// The consent is recorded after authz has closed the request and before the code leaves, so that no
// client is connected without being listed, also where this process dies in between: the code is
// lost with it, and the decision, sent again, records and returns both.
func (d Decider) Decide(ctx context.Context, f Form) (secret.String, error) {
	person, asked, err := d.readForm(ctx, f)
	if err != nil {
		return secret.String{}, err
	}
	if f.Verdict != Approve && f.Verdict != Deny {
		return secret.String{}, ErrUndecided
	}
	completion := Completion{Request: f.Request, UserID: person.ID}
	if f.Page != nil {
		completion.Epoch = &f.Page.Epoch
	}
	if f.Verdict == Deny {
		done, err := d.Authorizations.Complete(ctx, completion)
		return done.Location, err
	}
	if completion.Approval, err = approval(person, f.WorkspaceID); err != nil {
		return secret.String{}, err
	}
	if asked.Outcome == nil {
		if err := d.checkEpoch(ctx, person, asked); err != nil {
			return secret.String{}, err
		}
	}
	completion.ReportRepeat = true
	return d.approve(ctx, f, completion, asked)
}

// decider reads the user who decides, and what they were asked. A form with its page needs no look
// at the authorization: authz checks everything where it closes it.
func (d Decider) readForm(ctx context.Context, f Form) (User, Pending, error) {
	if f.Page != nil {
		person, err := d.Identity.Session(ctx, f.Request.Session)
		return person, Pending{ClientID: f.Page.ClientID, Viewer: Viewer{UserID: person.ID, Epoch: f.Page.Epoch}}, err
	}
	person, pending, err := d.open(ctx, f.Request)
	if err == nil && pending.Outcome == nil && (pending.Viewer.UserID == "" || pending.Viewer.UserID != person.ID) {
		err = cause.With(ErrNotFound, cause.AuthorizationOtherUser)
	}
	return person, pending, err
}

// approval is for a workspace that the user belongs to at this moment.
func approval(person User, workspaceID string) (*Approval, error) {
	if workspaceID == "" {
		return nil, ErrWorkspaceMissing
	}
	if _, member := person.workspace(workspaceID); !member {
		return nil, ErrNotMember
	}
	return &Approval{WorkspaceID: workspaceID, DisplayName: person.DisplayName}, nil
}

// current fails with ErrStale where the access of the user-client was ended after the page was
// shown. A revocation after this comparison is caught when the code is redeemed: issuing requires
// the same epoch.
func (d Decider) checkEpoch(ctx context.Context, person User, p Pending) error {
	epoch, err := d.Epochs.GetPairEpoch(ctx, oauth.UserClient{UserID: person.ID, ClientID: p.ClientID})
	if err == nil && epoch != p.Viewer.Epoch {
		err = ErrStale
	}
	return err
}

// approve closes the request, and records what was approved before the location is returned.
func (d Decider) approve(ctx context.Context, f Form, c Completion, asked Pending) (secret.String, error) {
	done, err := d.Authorizations.Complete(ctx, c)
	if err != nil {
		return secret.String{}, err
	}
	if done.Pending != nil {
		asked = *done.Pending
	}
	if done.Location.IsZero() {
		if done, err = d.repeat(ctx, f, c, asked); err != nil {
			return secret.String{}, err
		}
	}
	if err := d.Consents.Record(ctx, Consent{
		Request: secret.Sum(f.Request.ID), UserID: c.UserID, ClientID: asked.ClientID,
		WorkspaceID: c.Approval.WorkspaceID, Scope: asked.Scope, Epoch: asked.Viewer.Epoch,
	}); err != nil {
		return secret.String{}, err
	}
	return done.Location, nil
}

// repeat completes an approval that was made before: a double click, or a form that is sent again.
// The epoch is compared once more. A code that the client has redeemed is never returned again: a
// second use would revoke what the first one issued. A second click gets a fresh one.
func (d Decider) repeat(ctx context.Context, f Form, c Completion, asked Pending) (Completed, error) {
	if asked.Outcome == nil || len(asked.Outcome.Code) == 0 {
		return Completed{}, cause.With(ErrNotFound, cause.AuthorizationDecided)
	}
	if err := d.checkEpoch(ctx, User{ID: c.UserID}, asked); err != nil {
		return Completed{}, err
	}
	redeemed, err := d.Codes.Redeemed(ctx, asked.Outcome.Code)
	if err != nil {
		return Completed{}, err
	}
	if redeemed && !f.AnsweredBefore {
		return Completed{}, cause.With(ErrNotFound, cause.AuthorizationDecided) // this browser never had that code
	}
	c.ReportRepeat, c.RenewCode, c.CodeRedeemed = false, f.AnsweredBefore, redeemed
	return d.Authorizations.Complete(ctx, c)
}
