package ownership

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Reviewer makes the operator's decisions about clients of workspaces.
type Reviewer struct{ Store Store }

// Review makes a decision. It returns an *oauth.FieldError or client.ErrUnknown.
func (r Reviewer) Review(ctx context.Context, review Review) error {
	note, err := oauth.ReviewNote(review.Note, !review.Approve)
	if err != nil {
		return err
	}
	review.Note = note
	found, err := r.Store.FindClient(ctx, review.ClientID)
	switch {
	case err != nil:
		return err
	case found.Owner.WorkspaceID == "":
		return oauth.InvalidField("client_id", "is of a client that no workspace owns: clients update and clients disable change it")
	}
	err = r.Store.Review(ctx, review)
	if errors.Is(err, client.ErrUnknown) && !review.Suspend {
		return oauth.InvalidField("client_id", "is of a client that does not wait for a review")
	}
	return err
}
