package decision

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// Verdict is the person's answer.
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
	// AnsweredBefore says that the browser followed the answer to an earlier post of the same decision: the client may have the
	// code.
	AnsweredBefore bool
}

// Decide takes the person's decision and returns where the browser goes, which holds a code or access_denied. The same decision
// again leads to the same place. It fails with each of the package's errors, and with ErrNotFound for whoever did not see the
// consent screen and for a decision other than the one that was made.
func (d Decider) Decide(ctx context.Context, f Form) (secret.String, error) {
	person, pending, err := d.open(ctx, f.Request)
	if err != nil {
		return secret.String{}, err
	}
	if pending.Outcome != nil {
		return d.repeat(ctx, f, person, pending)
	}
	if pending.Viewer.UserID == "" || pending.Viewer.UserID != person.ID {
		return secret.String{}, otherUser()
	}
	switch f.Verdict {
	case Deny:
		return d.deny(ctx, f, person)
	case Approve:
		return d.approve(ctx, f, person, pending)
	case Undecided:
	}
	return secret.String{}, ErrUndecided
}

// otherUser refuses a person who is not the one that saw the consent screen.
func otherUser() error { return cause.With(ErrNotFound, cause.AuthorizationOtherUser) }

// approve checks, records, completes: in this order. Recording comes before completing, so that no app is connected which
// the person cannot see and disconnect, not even when this process dies between the two. The price is a consent without a
// code when the completion fails. That shows an app which has no access, the harmless way round, and not for longer than
// it should: the row carries the epoch that was just compared, and only rows of the pair's current epoch are listed, so
// that disconnecting takes it away. A repeated approval adds no row, and a denial instead withdraws it.
func (d Decider) approve(ctx context.Context, f Form, person Person, pending Pending) (secret.String, error) {
	if f.WorkspaceID == "" {
		return secret.String{}, ErrWorkspaceMissing
	}
	if err := d.Identity.CheckMember(ctx, person.ID, f.WorkspaceID); err != nil {
		return secret.String{}, err
	}
	// A revocation after this comparison is caught when the code is redeemed: issuing requires the same epoch.
	epoch, err := d.Epochs.GetPairEpoch(ctx, oauth.UserClient{UserID: person.ID, ClientID: pending.ClientID})
	if err != nil {
		return secret.String{}, err
	}
	if epoch != pending.Viewer.Epoch {
		return secret.String{}, ErrStale
	}
	recorded, err := d.Consents.Record(ctx, Consent{
		Request: secret.Sum(f.Request.ID), UserID: person.ID, ClientID: pending.ClientID,
		WorkspaceID: f.WorkspaceID, Scope: pending.Scope, Epoch: epoch,
	})
	if err != nil {
		return secret.String{}, err
	}
	// A request is decided once. Another workspace than the recorded one would get a code that the list tells wrongly.
	if recorded != f.WorkspaceID {
		return secret.String{}, cause.With(ErrNotFound, cause.AuthorizationUnknown)
	}
	location, err := d.Authorizations.Complete(ctx, f.approval(person))
	if err != nil {
		d.withdrawDenied(ctx, f.Request)
	}
	return location, err
}

// withdrawDenied drops what an approval recorded that came too late: the request was denied meanwhile, and no code can come of
// it. Whether it was is read again, since a failure to complete says nothing for certain.
func (d Decider) withdrawDenied(ctx context.Context, r Request) {
	pending, err := d.Authorizations.Find(ctx, r)
	if err != nil || pending.Outcome == nil || pending.Outcome.Approved {
		return
	}
	if err := d.Consents.Withdraw(ctx, secret.Sum(r.ID)); err != nil {
		d.Logger.WarnContext(ctx, "withdrawing the consent of a denied request failed", "error", err)
	}
}

func (f Form) approval(person Person) Completion {
	return Completion{
		Request: f.Request, UserID: person.ID, RenewCode: f.AnsweredBefore,
		Approval: &Approval{WorkspaceID: f.WorkspaceID, DisplayName: person.DisplayName},
	}
}

// repeat takes a decision that was made before: a double click, or a form that is sent again. Membership and epoch are checked
// as the first time, and nothing is recorded again. A code that the client has redeemed is never returned once more: a second
// use would revoke what the first one issued.
func (d Decider) repeat(ctx context.Context, f Form, person Person, pending Pending) (secret.String, error) {
	outcome := pending.Outcome
	if outcome.UserID != person.ID || outcome.Approved != (f.Verdict == Approve) || f.Verdict == Undecided {
		return secret.String{}, ErrNotFound
	}
	if f.Verdict == Deny {
		return d.Authorizations.Complete(ctx, Completion{Request: f.Request, UserID: person.ID})
	}
	if outcome.WorkspaceID != f.WorkspaceID || len(outcome.Code) == 0 {
		return secret.String{}, ErrNotFound
	}
	if err := d.Identity.CheckMember(ctx, person.ID, f.WorkspaceID); err != nil {
		return secret.String{}, err
	}
	epoch, err := d.Epochs.GetPairEpoch(ctx, oauth.UserClient{UserID: person.ID, ClientID: pending.ClientID})
	if err != nil {
		return secret.String{}, err
	}
	if epoch != pending.Viewer.Epoch {
		return secret.String{}, ErrStale
	}
	redeemed, err := d.Codes.Redeemed(ctx, outcome.Code)
	if err != nil {
		return secret.String{}, err
	}
	if redeemed {
		return secret.String{}, ErrNotFound
	}
	return d.Authorizations.Complete(ctx, f.approval(person))
}

// deny completes without a code, and then drops what an approval of the same request may have recorded before its
// completion failed: authz closes a request once, so no code can come of that any more.
func (d Decider) deny(ctx context.Context, f Form, person Person) (secret.String, error) {
	location, err := d.Authorizations.Complete(ctx, Completion{Request: f.Request, UserID: person.ID})
	if err != nil {
		return secret.String{}, err
	}
	if err := d.Consents.Withdraw(ctx, secret.Sum(f.Request.ID)); err != nil {
		// The decision stands and the person can still disconnect the app, so this fails nothing.
		d.Logger.WarnContext(ctx, "withdrawing the consent of a denied request failed", "error", err)
	}
	return location, nil
}
