package decision

import (
	"context"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// Decided is a decision as the outcome page shows it.
type Decided struct {
	// ClientName is the client's name as registered: untrusted text.
	ClientName     string
	RedirectOrigin string
	Approved       bool
	// Workspace is that of an approval; its name is empty when the user is not a member any more.
	Workspace Workspace
	At        time.Time
	// User is the user who decided.
	User User
	// Redeemed says that the client has redeemed the code.
	Redeemed bool
	// Repeatable says that a repeat of the decision redirects to the client.
	Repeatable bool
}

// GetOutcome returns the user's decision. It fails with ErrNotFound while there is no decision, and
// for another user.
func (d Decider) GetOutcome(ctx context.Context, r Request) (Decided, error) {
	user, pending, err := d.open(ctx, r)
	if err != nil {
		return Decided{}, err
	}
	outcome := pending.Outcome
	if outcome == nil || outcome.UserID != user.ID {
		return Decided{}, ErrNotFound
	}
	decided := Decided{
		ClientName: pending.ClientName, RedirectOrigin: pending.RedirectOrigin, Approved: outcome.Approved, At: outcome.At,
		Repeatable: !outcome.Approved && pending.Device == nil, User: user,
	}
	if !outcome.Approved {
		return decided, nil
	}
	var member bool
	if decided.Workspace, member = user.workspace(outcome.WorkspaceID); !member {
		decided.Workspace = Workspace{ID: outcome.WorkspaceID}
	}
	if len(outcome.Code) == 0 {
		return decided, nil
	}
	if decided.Redeemed, err = d.Codes.Redeemed(ctx, outcome.Code); err != nil {
		return Decided{}, err
	}
	epoch, err := d.Epochs.GetPairEpoch(ctx, oauth.UserClient{UserID: user.ID, ClientID: pending.ClientID})
	if err != nil {
		return Decided{}, err
	}
	decided.Repeatable = pending.Device == nil && !decided.Redeemed && member && epoch == pending.Viewer.Epoch
	return decided, nil
}
