package decision

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/consent/internal/policy"
)

// Verdict is the user's decision.
type Verdict int

// The verdicts, by the numbers of the contract. The zero value is no decision.
const (
	Undecided Verdict = iota
	Approve
	Deny
)

// Form is the consent form.
type Form struct {
	Request Request
	Verdict Verdict
	// WorkspaceID is the chosen workspace, which an approval requires.
	WorkspaceID string
	// Chosen are the scopes that the user approved; nil in a form without that choice, which approves all
	// requested scopes.
	Chosen *oauth.Scope
	// Page identifies the consent page; nil in the form of an outcome, and where authz bound the
	// page.
	Page *Page
	// AnsweredBefore says that the browser followed the response to an earlier post of the same
	// decision: the client may have the code.
	AnsweredBefore bool
	// SameForm says that the earlier post was of the same page: a second click, and not a second tab.
	SameForm bool
}

// Decide records the user's decision and returns the redirect, which has a code or access_denied. It
// is zero for a device, which polls for the outcome. A repeat of the decision returns the same
// redirect. It fails with each of the package's errors, and
// with ErrNotFound for a user who did not see the consent page and for a decision that differs from
// the recorded one.
//
// It records the consent after authz has completed the request and before it returns the code, so
// that every client with a code is listed. If the process dies in between, the code is lost, and a
// repeat of the decision records the consent and returns a code.
func (d Decider) Decide(ctx context.Context, f Form) (secret.String, error) {
	user, pending, err := d.readForm(ctx, f)
	if err != nil {
		return secret.String{}, err
	}
	if f.Verdict != Approve && f.Verdict != Deny {
		return secret.String{}, ErrUndecided
	}
	completion := Completion{Request: f.Request, UserID: user.ID}
	if f.Page != nil {
		completion.ClientID, completion.Epoch = f.Page.ClientID, &f.Page.Epoch
	}
	if f.Verdict == Deny {
		location, _, err := d.Authorizations.Complete(ctx, completion)
		return location, err
	}
	if f.WorkspaceID == "" {
		return secret.String{}, ErrWorkspaceMissing
	}
	if _, member := user.workspace(f.WorkspaceID); !member {
		return secret.String{}, ErrNotMember
	}
	if pending.Outcome == nil {
		if err := d.checkState(ctx, f, user, pending); err != nil {
			return secret.String{}, err
		}
	}
	completion.WorkspaceID, completion.DisplayName, completion.AuthTime, completion.ReportRepeat = f.WorkspaceID, user.DisplayName, user.AuthTime, true
	completion.Chosen = f.Chosen
	return d.approve(ctx, f, completion, pending)
}

// readForm returns the user who decides, and the authorization. A form with its page needs no read
// of the authorization: authz validates it on completion, with the client that the form names. Until then
// that client is only what the browser says.
func (d Decider) readForm(ctx context.Context, f Form) (User, Pending, error) {
	if f.Page != nil {
		user, err := d.Identity.Session(ctx, f.Request.Session)
		return user, Pending{ClientID: f.Page.ClientID, Viewer: Viewer{UserID: user.ID, Epoch: f.Page.Epoch}}, err
	}
	user, pending, err := d.open(ctx, f.Request)
	if err == nil && pending.Outcome == nil && (pending.Viewer.UserID == "" || pending.Viewer.UserID != user.ID) {
		err = cause.With(ErrNotFound, cause.AuthorizationOtherUser)
	}
	return user, pending, err
}

// checkState fails with ErrStale as checkEpoch does, and with ErrPolicy when the policy of the workspace does
// not let the client be connected at this moment: one read has the epoch and the version of the policy.
// An approval that was made before a change of the policy may be repeated.
func (d Decider) checkState(ctx context.Context, f Form, user User, p Pending) error {
	workspaces := []string{f.WorkspaceID}
	state, err := d.Epochs.StoredPairState(ctx, oauth.UserClient{UserID: user.ID, ClientID: p.ClientID}, workspaces)
	if err != nil {
		return err
	}
	if state.Epoch != p.Viewer.Epoch {
		return ErrStale
	}
	access, err := d.Policies.Access(ctx, p.ClientID, workspaces, state.PolicyVersions)
	if err != nil || access[f.WorkspaceID] == policy.Open {
		return err
	}
	before, err := d.Authorizations.Find(ctx, f.Request)
	switch {
	case err == nil && before.Outcome != nil && before.Outcome.Approved:
		return nil // authz refuses what differs from the decision
	case err == nil && before.ClientID == p.ClientID: // a form alone may name any client
		return cause.With(&PolicyError{p.ClientID}, cause.WorkspacePolicy)
	}
	return cause.With(ErrPolicy, cause.WorkspacePolicy)
}

// checkEpoch fails with ErrStale when the user-client was revoked after the page was shown. A
// revocation after this check makes the redemption of the code fail, which requires the same epoch.
func (d Decider) checkEpoch(ctx context.Context, user User, p Pending) error {
	epoch, err := d.Epochs.GetPairEpoch(ctx, oauth.UserClient{UserID: user.ID, ClientID: p.ClientID})
	if err == nil && epoch != p.Viewer.Epoch {
		err = ErrStale
	}
	return err
}

// approvalTimeout is how long an approval may take.
const approvalTimeout = 10 * time.Second

// approve completes the request, and records the consent before it returns the redirect. A device gets its
// approval from authz, and not from the browser: one that is closed in this moment must not prevent the
// record, by which the account page shows the device.
func (d Decider) approve(ctx context.Context, f Form, c Completion, pending Pending) (secret.String, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), approvalTimeout)
	defer cancel()
	location, decided, err := d.Authorizations.Complete(ctx, c)
	if err != nil {
		return secret.String{}, err
	}
	if decided != nil {
		pending = *decided
	}
	if location.IsZero() && pending.Device == nil {
		if location, err = d.repeat(ctx, f, c, pending); err != nil {
			return secret.String{}, err
		}
	}
	if pending.Outcome != nil && len(pending.Outcome.Scope) > 0 {
		pending.Scope = pending.Outcome.Scope
	}
	if err := d.Consents.Record(ctx, Consent{
		Request: secret.Sum(f.Request.ID), UserID: c.UserID, ClientID: pending.ClientID,
		WorkspaceID: c.WorkspaceID, Scope: pending.Scope, Epoch: pending.Viewer.Epoch,
	}); err != nil {
		return secret.String{}, err
	}
	return location, nil
}

// repeat completes an approval that was made before: a double click, or a form that is submitted
// again. It checks the epoch once more. A code that the client has redeemed is never returned
// again, since a second use would revoke its tokens: a double click gets a new code.
func (d Decider) repeat(ctx context.Context, f Form, c Completion, pending Pending) (secret.String, error) {
	if pending.Outcome == nil || len(pending.Outcome.Code) == 0 {
		return secret.String{}, cause.With(ErrNotFound, cause.AuthorizationDecided)
	}
	if err := d.checkEpoch(ctx, User{ID: c.UserID}, pending); err != nil {
		return secret.String{}, err
	}
	redeemed, err := d.Codes.Redeemed(ctx, pending.Outcome.Code)
	if err != nil {
		return secret.String{}, err
	}
	if redeemed && !f.SameForm {
		return secret.String{}, cause.With(ErrNotFound, cause.AuthorizationDecided)
	}
	c.ReportRepeat, c.RenewCode, c.CodeRedeemed = false, f.AnsweredBefore, redeemed
	location, _, err := d.Authorizations.Complete(ctx, c)
	return location, err
}
