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
	// LastFour is empty for one that an earlier release registered.
	LastFour  string
	CreatedAt time.Time
	// ExpiresAt is zero for the current one.
	ExpiresAt time.Time
}

// Store is the part of the store that administration changes and lists. Its methods fail with client.ErrUnknown for an app
// that is not there.
type Store interface {
	// CreateClient fails with client.ErrExists.
	CreateClient(ctx context.Context, app client.Registration, current *client.Imprint) error
	// FindClient reads an app with its secrets.
	FindClient(ctx context.Context, id string) (App, error)
	// ListClients reads apps by name and identifier, at most so many, from behind one; without redirect URIs and secrets.
	ListClients(ctx context.Context, afterName, afterID string, most int) ([]App, error)
	// UpdateClient changes what is not zero, whole or not at all.
	UpdateClient(ctx context.Context, change Change) error
	RotateClientSecret(ctx context.Context, r client.Rotation) error
	// RevokePreviousClientSecret ends what a rotation left valid of a confidential app.
	RevokePreviousClientSecret(ctx context.Context, id string) error
	SetClientDisabled(ctx context.Context, id string, disabled bool) error
}

// Change is what is to be otherwise; what is zero stays.
type Change struct {
	ClientID     string
	Name         string
	RedirectURIs []string
	Scope        oauth.Scope
	GrantTypes   []string
	// ResourceServer is nil where it stays.
	ResourceServer *bool
	// AllowReservedName says that the app is the operator's own.
	AllowReservedName bool
}

// Scopes are those of the catalog.
type Scopes interface {
	// Describe reports whether a scope exists at this moment.
	Describe(name string) (description string, ok bool)
}

// Clients validates operators' requests. One that needs no validation is the store's own method.
type Clients struct {
	Store

	Scopes Scopes
	// Reserved are names that an app has only where the operator says so.
	Reserved Reserved
}

// New is an app to register.
type New struct {
	client.Registration

	// AllowReservedName says that the app is the operator's own.
	AllowReservedName bool
}

// CreateClient registers an app. The secret is zero for a public app. It fails with a *FieldError or with client.ErrExists.
func (d Clients) CreateClient(ctx context.Context, n New) (secret.String, error) {
	app := n.Registration
	if err := d.check(&app, n.AllowReservedName); err != nil {
		return secret.String{}, err
	}
	if app.Type == client.Public {
		return secret.String{}, d.Store.CreateClient(ctx, app, nil)
	}
	drawn := secret.Generate(secret.ClientSecret)
	kept := client.Imprinted(drawn)
	if err := d.Store.CreateClient(ctx, app, &kept); err != nil {
		return secret.String{}, err
	}
	return drawn, nil
}

// UpdateClient changes an app. It fails with a *FieldError or with client.ErrUnknown. What belongs together is held against the app as
// it was read just before: two changes that meet may leave what neither asked for, such as codes of an app without redirect URIs,
// which gets less than it should and never more.
func (d Clients) UpdateClient(ctx context.Context, c Change) error {
	before, err := d.FindClient(ctx, c.ClientID)
	if err != nil {
		return err
	}
	if c.Name != "" {
		if c.Name, err = d.name(c.Name, c.AllowReservedName); err != nil {
			return err
		}
	}
	if err := d.lists(c.RedirectURIs, c.Scope, c.GrantTypes); err != nil {
		return err
	}
	if err := together(c.applied(before.Registration)); err != nil {
		return err
	}
	return d.Store.UpdateClient(ctx, c)
}

// applied is an app after the change.
func (c Change) applied(app client.Registration) client.Registration {
	if len(c.RedirectURIs) > 0 {
		app.RedirectURIs = c.RedirectURIs
	}
	if len(c.Scope) > 0 {
		app.Scope = c.Scope
	}
	if len(c.GrantTypes) > 0 {
		app.GrantTypes = c.GrantTypes
	}
	if c.ResourceServer != nil {
		app.ResourceServer = *c.ResourceServer
	}
	return app
}

// RotateClientSecret draws another secret; the present one stays valid for the overlap. It fails with a *FieldError or with
// client.ErrUnknown, also for a public app.
func (d Clients) RotateClientSecret(ctx context.Context, id string, overlap time.Duration) (secret.String, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return secret.String{}, &FieldError{"overlap_seconds", fmt.Sprintf("must be from 0 to %d", int64(MaxOverlap/time.Second))}
	}
	drawn := secret.Generate(secret.ClientSecret)
	err := d.Store.RotateClientSecret(ctx, client.Rotation{ClientID: id, Secret: client.Imprinted(drawn), Overlap: overlap})
	if err != nil {
		return secret.String{}, err
	}
	return drawn, nil
}
