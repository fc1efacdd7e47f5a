package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// MaxOverlap is the longest time that a secret stays valid beside its successor.
const MaxOverlap = 30 * 24 * time.Hour

// FieldError is a field of a request that cannot be used. Fault goes on from the field's name.
type FieldError struct{ Field, Fault string }

// Error is part of error.
func (e *FieldError) Error() string { return e.Field + " " + e.Fault }

// App is an app with all that is registered of it.
type App struct {
	client.Registration
	CreatedAt time.Time
	// Secrets are the valid ones, newest first.
	Secrets []Secret
}

// Secret is what may be shown of a secret.
type Secret struct {
	CreatedAt time.Time
	// ExpiresAt is zero for the current one.
	ExpiresAt time.Time
}

// Store is the part of the store that administration changes and lists. Its methods fail with client.ErrUnknown for an app
// that is not there.
type Store interface {
	// Create fails with client.ErrExists.
	Create(ctx context.Context, app client.Registration, current *secret.Hash) error
	// FindApp reads an app with its secrets.
	FindApp(ctx context.Context, id string) (App, error)
	// ListApps reads apps by name and identifier, at most so many, from behind one; without redirect URIs and secrets.
	ListApps(ctx context.Context, afterName, afterID string, most int) ([]App, error)
	// Update changes what is not zero: an app has a name, redirect URIs and scopes, and is not left without.
	Update(ctx context.Context, change Change) error
	Rotate(ctx context.Context, r client.Rotation) error
	SetDisabled(ctx context.Context, id string, disabled bool) error
}

// Change is what is to be otherwise; what is zero stays.
type Change struct {
	ClientID     string
	Name         string
	RedirectURIs []string
	Scope        oauth.Scope
}

// Scopes are those of the catalog.
type Scopes interface {
	// Describe reports whether a scope exists at this moment.
	Describe(name string) (description string, ok bool)
}

// Desk is where operators' requests are checked. What needs no check is the store's own method.
type Desk struct {
	Store

	Scopes Scopes
}

// Register registers an app. The secret is zero for a public app. It
// fails with a *FieldError or with client.ErrExists.
func (d Desk) Register(ctx context.Context, app client.Registration) (secret.String, error) {
	if err := d.check(&app); err != nil {
		return secret.String{}, err
	}
	if app.Type == client.Public {
		return secret.String{}, d.Create(ctx, app, nil)
	}
	drawn := secret.Generate(secret.ClientSecret)
	hash := secret.Sum(drawn.Reveal())
	if err := d.Create(ctx, app, &hash); err != nil {
		return secret.String{}, err
	}
	return drawn, nil
}

// Change changes an app. It fails with a *FieldError or with client.ErrUnknown.
func (d Desk) Change(ctx context.Context, c Change) error {
	var err error
	if c.Name != "" {
		if c.Name, err = name(c.Name); err != nil {
			return err
		}
	}
	if err := redirectURIs(c.RedirectURIs); err != nil {
		return err
	}
	if err := d.scopes(c.Scope); err != nil {
		return err
	}
	return d.Update(ctx, c)
}

// NewSecret draws another secret; the present one stays valid for the overlap. It fails with a *FieldError or with
// client.ErrUnknown, also for a public app.
func (d Desk) NewSecret(ctx context.Context, id string, overlap time.Duration) (secret.String, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return secret.String{}, &FieldError{"overlap_seconds", fmt.Sprintf("must be from 0 to %d", int64(MaxOverlap/time.Second))}
	}
	drawn := secret.Generate(secret.ClientSecret)
	err := d.Rotate(ctx, client.Rotation{ClientID: id, Secret: secret.Sum(drawn.Reveal()), Overlap: overlap})
	if err != nil {
		return secret.String{}, err
	}
	return drawn, nil
}
