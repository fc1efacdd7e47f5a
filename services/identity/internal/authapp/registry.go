package authapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// Registry holds the authentication apps.
type Registry struct{ Apps Apps }

// Create adds an app, for the members of one workspace or, if that is empty, for everybody, and draws its secret, which is
// never seen again. It fails with account.ErrUnknownWorkspace.
func (r Registry) Create(ctx context.Context, name, workspaceID string) (App, secret.String, error) {
	draft := Draft{ID: secret.NewID("aap_"), Name: name, WorkspaceID: workspaceID}
	clear := secret.Generate(secret.ClientSecret)
	if err := r.Apps.CreateApp(ctx, draft, Imprinted(clear)); err != nil {
		return App{}, secret.String{}, fmt.Errorf("adding an authentication app: %w", err)
	}
	app, err := r.Apps.FindApp(ctx, draft.ID)
	return app, clear, err
}

// Rotate draws a new secret of a live app, which is never seen again. The one before stays valid for the overlap, up to
// MaxOverlap; older ones end at once. It fails with ErrUnknown, or with an account.FieldError.
func (r Registry) Rotate(ctx context.Context, id string, overlap time.Duration) (App, secret.String, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return App{}, secret.String{}, &account.FieldError{Field: "overlap_seconds", Fault: "must be from 0 to 2592000 (30 days)"}
	}
	clear := secret.Generate(secret.ClientSecret)
	if err := r.Apps.RotateApp(ctx, id, Imprinted(clear), overlap); err != nil {
		return App{}, secret.String{}, fmt.Errorf("rotating a secret: %w", err)
	}
	app, err := r.Apps.FindApp(ctx, id)
	return app, clear, err
}

// Verify takes an address and a secret as they came. It fails with account.ErrInvalidCredentials whatever does not fit,
// after one question to the store in every case, or with the error of a store that could not be asked.
func (r Registry) Verify(ctx context.Context, typed string, presented secret.String) (Voucher, error) {
	voucher, err := r.Apps.Vouch(ctx, account.Spell(typed), secret.Sum(presented.Reveal()))
	if errors.Is(err, ErrUnknown) {
		return Voucher{}, account.ErrInvalidCredentials
	}
	if err != nil {
		return Voucher{}, fmt.Errorf("verifying a client secret: %w", err)
	}
	return voucher, nil
}
