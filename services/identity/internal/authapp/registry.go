package authapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// Registry manages the authentication apps.
type Registry struct{ Apps Apps }

// CreateApp creates an app for the members of one workspace or, if that is empty, for all users,
// and returns its secret, which cannot be read again. It returns account.ErrUnknownWorkspace.
func (r Registry) CreateApp(ctx context.Context, name, workspaceID string) (App, secret.String, error) {
	app := App{ID: secret.NewID("aap_"), Name: name, WorkspaceID: workspaceID}
	clear := secret.Generate(secret.ClientSecret)
	if err := r.Apps.CreateApp(ctx, app, secret.NewRecord(clear)); err != nil {
		return App{}, secret.String{}, fmt.Errorf("adding an authentication app: %w", err)
	}
	app, err := r.Apps.FindApp(ctx, app.ID) // with the time and the secret
	return app, clear, err
}

// RotateAppSecret generates a new secret of an app that is not revoked and returns it; it cannot be
// read again. The previous secret stays valid for the overlap, up to secret.MaxOverlap; older ones expire
// at once. It returns ErrUnknown or an oauth.FieldError.
func (r Registry) RotateAppSecret(ctx context.Context, id string, overlap time.Duration) (App, secret.String, error) {
	if overlap < 0 || overlap > secret.MaxOverlap {
		return App{}, secret.String{}, oauth.InvalidField("overlap_seconds", "must be from 0 to 2592000 (30 days)")
	}
	clear := secret.Generate(secret.ClientSecret)
	if err := r.Apps.RotateAppSecret(ctx, id, secret.NewRecord(clear), overlap); err != nil {
		return App{}, secret.String{}, fmt.Errorf("rotating a secret: %w", err)
	}
	app, err := r.Apps.FindApp(ctx, id)
	return app, clear, err
}

// VerifyClientSecret validates an address and a secret as received. It returns
// account.ErrInvalidCredentials for every mismatch, after exactly one query in every case, or the
// error of a store that is unavailable.
func (r Registry) VerifyClientSecret(ctx context.Context, typed string, presented secret.String) (Voucher, error) {
	voucher, err := r.Apps.Vouch(ctx, account.Spell(typed), secret.Sum(presented.Reveal()))
	if errors.Is(err, ErrUnknown) {
		return Voucher{}, account.ErrInvalidCredentials
	}
	if err != nil {
		return Voucher{}, fmt.Errorf("verifying a client secret: %w", err)
	}
	return voucher, nil
}
