package ownership

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// SecretRequest asks for another secret.
type SecretRequest struct {
	ClientID string
	// Overlap is how long the present secret stays valid.
	Overlap time.Duration
	// Newest is the identifier of the newest secret that the user saw; empty for none.
	Newest string
	// ReplaceKeys makes a client with keys authenticate with the secret.
	ReplaceKeys bool
}

// CreateSecret generates another secret of a client. It returns an *oauth.FieldError or a *ConflictError.
func (c Console) CreateSecret(ctx context.Context, session secret.String, r SecretRequest) (secret.String, error) {
	ctx, person, app, err := c.find(ctx, session, r.ClientID)
	switch {
	case err != nil:
		return secret.String{}, err
	case r.Overlap < 0 || r.Overlap > secret.MaxOverlap:
		return secret.String{}, oauth.InvalidField("overlap_seconds", fmt.Sprintf("must be from 0 to %d", int64(secret.MaxOverlap/time.Second)))
	case app.Type != client.Confidential:
		return secret.String{}, oauth.InvalidField("client_id", "is of a public app, which cannot keep a secret")
	case app.UsesKeys() && !r.ReplaceKeys:
		return secret.String{}, oauth.InvalidField("replace_keys", "is needed for an app that authenticates with keys")
	case app.Profile == client.FAPI2:
		return secret.String{}, oauth.InvalidField("replace_keys", "is not for the profile fapi2, which needs private_key_jwt")
	}
	clear := secret.Generate(secret.ClientSecret)
	record := secret.NewRecord(clear)
	record.CreatedBy = person.UserID
	r.ReplaceKeys = r.ReplaceKeys && app.UsesKeys()
	err = c.Store.AddSecret(ctx, r, record)
	switch {
	case errors.Is(err, ErrStale):
		err = &ConflictError{"newest_secret_id", "a secret was created or removed meanwhile: look at the secrets once more"}
	case errors.Is(err, ErrTooMany):
		err = &ConflictError{"secrets", "two secrets are valid: remove one first"}
	}
	if err != nil {
		return secret.String{}, err
	}
	return clear, nil
}

// RemoveSecret ends a secret at once.
func (c Console) RemoveSecret(ctx context.Context, session secret.String, clientID, secretID string) error {
	ctx, _, _, err := c.find(ctx, session, clientID)
	if err != nil {
		return err
	}
	err = c.Store.RemoveSecret(ctx, clientID, secretID)
	if errors.Is(err, ErrLast) {
		return &ConflictError{"secrets", "the last secret cannot be removed: create another one first"}
	}
	return err
}

// AddKey registers another public key.
func (c Console) AddKey(ctx context.Context, session secret.String, added registry.NewKey) error {
	ctx, _, _, err := c.find(ctx, session, added.ClientID)
	if err != nil {
		return err
	}
	return c.Registry.AddClientKey(ctx, added)
}

// RemoveKey removes a public key at once.
func (c Console) RemoveKey(ctx context.Context, session secret.String, clientID, keyID string) error {
	ctx, _, _, err := c.find(ctx, session, clientID)
	if err != nil {
		return err
	}
	return c.Registry.RemoveClientKey(ctx, clientID, keyID)
}

// TestKeys reads the keys that a client publishes. It returns an *oauth.FieldError that says why they
// cannot be used, or a *ratelimit.LimitedError.
func (c Console) TestKeys(ctx context.Context, session secret.String, clientID string) ([]client.Key, error) {
	ctx, person, app, err := c.find(ctx, session, clientID)
	if err != nil {
		return nil, err
	}
	if app.URI == "" {
		return nil, oauth.InvalidField("jwks_uri", "is not registered")
	}
	if err := c.AllowTest(ctx, person.UserID); err != nil {
		return nil, err
	}
	keys, err := c.ReadKeys(ctx, app.URI)
	if err != nil {
		return nil, oauth.InvalidField("jwks_uri", err.Error())
	}
	return keys, nil
}
