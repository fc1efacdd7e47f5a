package flow

import (
	"context"
	"errors"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

// Audience decides who may connect a client that a workspace owns.
type Audience interface {
	// Check refuses a user who may not connect a client that is not live. It costs nothing for any
	// other client.
	Check(ctx context.Context, registration client.Registration, session secret.String) error
	// Admit counts the user of an approval. Its error refuses the approval.
	Admit(ctx context.Context, registration client.Registration, userID, redirectURI string) error
}

// CheckAudience returns Audience's error, a refusal as a ClientError, so that no page asks the user of a
// session for a decision that would be refused.
func (f Flow) CheckAudience(ctx context.Context, p pending.Authorization, session secret.String) error {
	if client.IsDocument(p.ClientID) || f.Audience == nil {
		return nil
	}
	registration, err := f.Clients.FindKnown(ctx, p.ClientID)
	if err != nil {
		return nil //nolint:nilerr // the page can be read without, and the decision checks again
	}
	return refusedBy(registration.ID, f.Audience.Check(ctx, registration, session))
}

// ClientError is the refusal of a user because of the client, which exists, for the log of its author:
// ownership.ErrNotLive, ownership.ErrUsers, dynamic.ErrUsers, or a change of the client.
type ClientError struct {
	ClientID string
	Err      error
}

// Error is the refusal's text.
func (e *ClientError) Error() string { return e.Err.Error() }

// Unwrap returns the refusal.
func (e *ClientError) Unwrap() error { return e.Err }

// refusedBy returns a refusal by the limits of a client as a ClientError, and any other error, for
// example of a session that has ended or in an outage, unchanged.
func refusedBy(clientID string, err error) error {
	if errors.Is(err, ownership.ErrNotLive) || errors.Is(err, ownership.ErrUsers) || errors.Is(err, dynamic.ErrUsers) {
		return &ClientError{clientID, err}
	}
	return err
}

// admit counts the user of an approval, if the client registered itself or belongs to a workspace, and
// refuses a user who may not connect it.
func (f Flow) admit(ctx context.Context, p pending.Authorization, d Decision) error {
	if client.IsDocument(p.ClientID) {
		return nil
	}
	registration, err := f.Clients.Find(ctx, p.ClientID)
	switch {
	case err != nil:
		return err
	case registration.SelfRegistered:
		err = f.Admissions.Admit(ctx, p.ClientID, d.UserID)
	case registration.Owner.WorkspaceID != "" && f.Audience != nil:
		if err = f.Audience.Check(ctx, registration, d.Session); err == nil {
			err = f.Audience.Admit(ctx, registration, d.UserID, p.RedirectURI)
		}
	}
	if errors.Is(err, client.ErrUnknown) {
		return clientChanged()
	}
	return refusedBy(p.ClientID, err)
}
