package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// Client is a client with everything that is registered for it.
type Client struct {
	client.Registration
	CreatedAt time.Time
	// Secrets are the valid secrets, newest first.
	Secrets []secret.Info
	// Keys are the registered keys that are valid, newest first, or those that the client publishes
	// and used lately.
	Keys []client.Key
	// UnusedScope are those of its scopes that were not granted for 30 days; nil where that is not known.
	UnusedScope oauth.Scope
}

// Store is the part of the store that administration uses. Its methods return client.ErrUnknown if
// there is no such client.
type Store interface {
	// CreateClient returns client.ErrExists if the identifier is taken.
	CreateClient(ctx context.Context, registration client.Registration, current *secret.Record, keys ...client.Key) error
	// FindClient returns a client with its secrets.
	FindClient(ctx context.Context, id string) (Client, error)
	// ListClients returns at most limit clients after the given one, by name and identifier,
	// without redirect URIs and secrets.
	ListClients(ctx context.Context, afterName, afterID string, limit int) ([]Client, error)
	// UpdateClient changes the fields that are not zero, all or none.
	UpdateClient(ctx context.Context, change Change) error
	RotateClientSecret(ctx context.Context, r client.Rotation) error
	// RevokePreviousClientSecret expires the secret that a rotation left valid. The client must be
	// confidential.
	RevokePreviousClientSecret(ctx context.Context, id string) error
	// SetClientDisabled disables or enables a client, which may be the URL of a document.
	SetClientDisabled(ctx context.Context, id string, disabled bool) error
	// ListDisabledDocuments returns at most limit clients of documents that are disabled, after the
	// given one, by URL.
	ListDisabledDocuments(ctx context.Context, after string, limit int) ([]DisabledDocument, error)
	// RemoveFromWorkspace removes a client from its workspace, if it has one.
	RemoveFromWorkspace(ctx context.Context, id string) error

	KeyStore
	LogoStore
}

// DisabledDocument is the client of a document that an operator disabled.
type DisabledDocument struct {
	// ID is the URL of the document.
	ID string
	At time.Time
}

// Change is a change of a client; zero fields stay unchanged.
type Change struct {
	ClientID     string
	Name         string
	RedirectURIs []string
	Scope        oauth.Scope
	GrantTypes   []string
	// ResourceServer is nil if it stays unchanged.
	ResourceServer *bool
	// RefreshRetry is nil if it stays unchanged. DefaultRefreshRetry removes it instead.
	RefreshRetry        *time.Duration
	DefaultRefreshRetry bool
	// DefaultScope is nil if it stays unchanged; an empty one removes it.
	DefaultScope    oauth.Scope
	ApplicationType client.ApplicationType
	// Unverified is nil if it stays unchanged.
	Unverified *bool
	// Reviewed says that a review is about the change: it is refused while the client waits for one.
	Reviewed bool
	Reuse    oauth.Reuse
	IdentityChange
	// WorkspaceID is the workspace of a client that has none; a client is never moved to another one.
	WorkspaceID string
	// PushRequired and DPoPRequired are nil if they stay unchanged, and Profile is empty.
	PushRequired, DPoPRequired *bool
	Profile                    client.Profile
	BackChannelChange
	// AllowReservedName says that the client is the operator's own.
	AllowReservedName bool
	// Keys or JWKSURI make the client authenticate with private_key_jwt.
	Keys    []client.Key
	JWKSURI string
	// SigningAlgorithm is nil if it stays unchanged; an empty one removes it.
	SigningAlgorithm *string
	// IDTokenAlgorithm is that of the client's ID tokens.
	IDTokenAlgorithm string
	// PostLogoutRedirectURIs is nil if it stays unchanged; an empty list removes them.
	PostLogoutRedirectURIs []string
}

// Scopes are the scopes of the catalog.
type Scopes interface {
	// Describe reports whether a scope exists now.
	Describe(name string) (description string, ok bool)
}

// Clients validates the operator's requests. Requests that need no validation are the Store's.
type Clients struct {
	Store  Store
	Scopes Scopes
	// Workspaces finds the workspaces of clients that get tokens for themselves.
	Workspaces Workspaces
	// Reserved are names that a client may have only if the operator allows it.
	Reserved Reserved
	// PrivateUseSchemes are the schemes without a dot that redirect URIs may have.
	PrivateUseSchemes []string
	// CheckURL returns an error unless a client may publish its keys at an address.
	CheckURL func(address string) error
}

// CreateClient registers a client; allowReservedName says that it is the operator's own. A client
// with keys, or with the URI of its keys, authenticates with private_key_jwt. The secret is zero for
// such a client, and for a public one. It returns an *oauth.FieldError or client.ErrExists.
func (d Clients) CreateClient(
	ctx context.Context, registration client.Registration, allowReservedName bool, keys ...client.Key,
) (secret.String, error) {
	newSecret, kept, err := d.Prepare(ctx, &registration, allowReservedName, keys)
	if err == nil {
		err = d.Store.CreateClient(ctx, registration, kept, keys...)
	}
	if err != nil {
		return secret.String{}, err
	}
	return newSecret, nil
}

// Prepare validates a new client, brings it into its stored form and generates its secret, which is zero
// and nil for a public client and for one with keys; allowReservedName is as for CreateClient. It stores
// nothing. It returns an *oauth.FieldError.
func (d Clients) Prepare(
	ctx context.Context, registration *client.Registration, allowReservedName bool, keys []client.Key,
) (secret.String, *secret.Record, error) {
	for _, check := range []func() error{
		func() error { return d.check(registration, allowReservedName) },
		func() error { return setSector(registration) },
		func() error { return d.checkKeys(registration, keys) },
		func() error { return errors.Join(checkProfile(*registration, keys), checkIDTokens(*registration)) },
		func() error { return d.checkService(ctx, *registration) },
	} {
		if err := check(); err != nil {
			return secret.String{}, nil, err
		}
	}
	if registration.Type == client.Public || registration.UsesKeys() {
		return secret.String{}, nil, nil
	}
	newSecret := secret.Generate(secret.ClientSecret)
	kept := secret.NewRecord(newSecret)
	return newSecret, &kept, nil
}

// CheckRedirectURI validates another redirect URI of a client. It returns an *oauth.FieldError.
func (d Clients) CheckRedirectURI(before Client, uri string) error {
	if slices.Contains(before.RedirectURIs, uri) {
		return nil
	}
	if err := oauth.CheckRedirectURI(uri, d.PrivateUseSchemes); err != nil {
		return oauth.InvalidField("redirect_uris", err.Error())
	}
	after := Change{RedirectURIs: append(slices.Clone(before.RedirectURIs), uri)}.applied(before.Registration)
	return errors.Join(checkCombination(after), checkChangedSector(before.Registration, after), checkProfile(after, before.Keys))
}

// UpdateClient changes a client. It returns an *oauth.FieldError or client.ErrUnknown. The combination of
// fields is checked against the client as it was read just before: two concurrent changes may leave
// a combination that neither requested, such as authorization codes without redirect URIs, which
// permits less than intended and never more.
func (d Clients) UpdateClient(ctx context.Context, c Change) error {
	before, err := d.Store.FindClient(ctx, c.ClientID)
	if err != nil {
		return err
	}
	if before.SelfRegistered {
		return oauth.InvalidField("client_id", "is of a client that registered itself: only the client changes its registration")
	}
	if c.Name != "" {
		if c.Name, err = d.displayName("name", c.Name, c.AllowReservedName); err != nil {
			return err
		}
	}
	if err := d.lists(c.applied(client.Registration{})); err != nil {
		return err
	}
	if c.RefreshRetry != nil && c.DefaultRefreshRetry {
		return oauth.InvalidField("refresh_retry_seconds", "cannot be set and removed at once")
	}
	if err := refreshRetry(c.RefreshRetry); err != nil {
		return err
	}
	if err := d.checkIdentity(c.IdentityChange, c.AllowReservedName); err != nil {
		return err
	}
	after := c.applied(before.Registration)
	if err := errors.Join(checkCombination(after), checkChangedSector(before.Registration, after)); err != nil {
		return err
	}
	if err := d.checkServiceChange(ctx, c, before.Registration, after); err != nil {
		return err
	}
	if c.changesKeys() {
		if err := d.checkKeys(&after, c.keysOf(before)); err != nil {
			return err
		}
	}
	if err := errors.Join(checkProfile(after, c.keysOf(before)), checkChangedIDTokens(before.Client, c, after)); err != nil {
		return err
	}
	return d.Store.UpdateClient(ctx, c)
}

// applied returns the registration after the change.
func (c Change) applied(registration client.Registration) client.Registration {
	if len(c.RedirectURIs) > 0 {
		registration.RedirectURIs = c.RedirectURIs
	}
	if len(c.Scope) > 0 {
		registration.Scope = c.Scope
	}
	if len(c.GrantTypes) > 0 {
		registration.GrantTypes = c.GrantTypes
	}
	if c.DefaultScope != nil {
		registration.DefaultScope = c.DefaultScope
	}
	if c.OptionalScope != nil {
		registration.OptionalScope = c.OptionalScope
	}
	if len(c.Keys) > 0 || c.JWKSURI != "" {
		registration.Method, registration.URI = oauth.PrivateKeyJWT, c.JWKSURI
	}
	if c.PostLogoutRedirectURIs != nil {
		registration.PostLogoutRedirectURIs = c.PostLogoutRedirectURIs
	}
	if c.RefreshRetry != nil || c.DefaultRefreshRetry {
		registration.RefreshRetry = c.RefreshRetry
	}
	registration.Service.WorkspaceID = cmp.Or(c.WorkspaceID, registration.Service.WorkspaceID)
	registration.ApplicationType = cmp.Or(c.ApplicationType, registration.ApplicationType)
	registration.IDTokenAlgorithm = cmp.Or(c.IDTokenAlgorithm, registration.IDTokenAlgorithm)
	registration.Profile = cmp.Or(c.Profile, registration.Profile)
	set(&registration.ResourceServer, c.ResourceServer)
	set(&registration.Algorithm, c.SigningAlgorithm)
	set(&registration.Unverified, c.Unverified)
	set(&registration.PushRequired, c.PushRequired)
	set(&registration.DPoPRequired, c.DPoPRequired)
	set(&registration.LogoutURI, c.LogoutURI)
	set(&registration.LogoutSessionRequired, c.LogoutSessionRequired)
	return registration
}

// set assigns a value that is not nil.
func set[T any](to, value *T) {
	if value != nil {
		*to = *value
	}
}

// RotateClientSecret generates another secret; the current one stays valid for the overlap. A client
// with keys gets one only if it replaces them. It returns an *oauth.FieldError, or
// client.ErrUnknown or client.ErrPublic.
func (d Clients) RotateClientSecret(ctx context.Context, id string, overlap time.Duration, replaceKeys bool) (secret.String, error) {
	if overlap < 0 || overlap > secret.MaxOverlap {
		return secret.String{}, oauth.InvalidField("overlap_seconds", fmt.Sprintf("must be from 0 to %d", int64(secret.MaxOverlap/time.Second)))
	}
	before, err := d.Store.FindClient(ctx, id)
	if err == nil && before.Type == client.Public {
		return secret.String{}, client.ErrPublic
	}
	if err == nil && before.UsesKeys() && !replaceKeys {
		return secret.String{}, oauth.InvalidField("client_id", "is of a client that authenticates with private_key_jwt: set replace_keys to give it a secret instead")
	}
	if err == nil && before.Profile == client.FAPI2 {
		return secret.String{}, oauth.InvalidField("replace_keys", "is not for the profile fapi2, which needs private_key_jwt")
	}
	newSecret := secret.Generate(secret.ClientSecret)
	err = d.Store.RotateClientSecret(ctx, client.Rotation{
		ClientID: id, Secret: secret.NewRecord(newSecret), Overlap: overlap, ReplaceKeys: replaceKeys,
	})
	if err != nil {
		return secret.String{}, err
	}
	return newSecret, nil
}

// RevokePreviousClientSecret ends the overlap of a rotation. It returns client.ErrUnknown or
// client.ErrPublic.
func (d Clients) RevokePreviousClientSecret(ctx context.Context, id string) error {
	if found, err := d.Store.FindClient(ctx, id); err == nil && found.Type == client.Public {
		return client.ErrPublic
	}
	return d.Store.RevokePreviousClientSecret(ctx, id)
}
