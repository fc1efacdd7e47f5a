package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// KeyStore changes the registered keys of clients. Its methods return client.ErrUnknown if there is
// no client with registered keys.
type KeyStore interface {
	// AddClientKey returns client.ErrExists or client.ErrTooManyKeys.
	AddClientKey(ctx context.Context, id string, key client.Key) error
	// UpdateClientKey and RemoveClientKey return client.ErrUnknownKey.
	UpdateClientKey(ctx context.Context, change client.KeyChange) error
	RemoveClientKey(ctx context.Context, id, keyID string) error
}

// maxKeyLifetime bounds the expiry of a key, so that it can be stored: ten years.
const maxKeyLifetime = 10 * 365 * 24 * time.Hour

// ParseKeys parses the JWK Set of a registration; nil if it is empty. It returns an
// *oauth.FieldError.
func ParseKeys(jwks string) ([]client.Key, error) {
	if jwks == "" {
		return nil, nil
	}
	set, err := client.ParseKeySet(jwks)
	if err != nil {
		return nil, oauth.InvalidField("jwks", err.Error())
	}
	keys := make([]client.Key, len(set))
	for i, public := range set {
		if keys[i], err = newKey(public, ""); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// newKey returns a key in its stored form.
func newKey(public jose.Key, name string) (client.Key, error) {
	if err := checkKeyName(public.ID); err != nil {
		return client.Key{}, oauth.InvalidField("kid", "must have 1 to 256 printable characters")
	}
	if name != "" {
		if err := checkKeyName(name); err != nil {
			return client.Key{}, err
		}
	}
	key, err := client.NewKey(public, name)
	if err != nil {
		return client.Key{}, oauth.InvalidField("jwks", "has a key that cannot be stored")
	}
	return key, nil
}

func checkKeyName(name string) error {
	if strings.TrimSpace(name) == "" || !oauth.PrintableText(name, jose.MaxKeyID) {
		return oauth.InvalidField("name", "must have printable characters only")
	}
	return nil
}

// checkKeys sets the authentication method of a client with keys, and validates how it
// authenticates. keys are those that are registered for it.
func (d Clients) checkKeys(registration *client.Registration, keys []client.Key) error {
	switch {
	case len(keys) == 0 && registration.URI == "" && registration.Algorithm == "":
		return nil
	case registration.Type != client.Confidential:
		return oauth.InvalidField("jwks", "is for confidential apps: a public one has no key that it could keep")
	case len(keys) > 0 && registration.URI != "":
		return oauth.InvalidField("jwks_uri", "excludes jwks: send one of them")
	case len(keys) == 0 && registration.URI == "":
		return oauth.InvalidField("token_endpoint_auth_signing_alg", "needs jwks or jwks_uri")
	}
	registration.Method = oauth.PrivateKeyJWT
	if registration.URI != "" {
		if err := d.CheckURL(registration.URI); err != nil {
			return oauth.InvalidField("jwks_uri", fmt.Sprintf("cannot be read: %s", err))
		}
	}
	return checkAlgorithm(registration.Algorithm, keys)
}

// checkAlgorithm refuses an algorithm that is not supported, or that no key of the client verifies.
func checkAlgorithm(algorithm string, keys []client.Key) error {
	parsed := make([]jose.Key, len(keys))
	for i, key := range keys {
		public, err := jose.ParseKey(key.JWK)
		if err != nil {
			public = jose.Key{} // which verifies nothing
		}
		public.ID = key.ID
		parsed[i] = public
	}
	return CheckSigningAlgorithm(algorithm, parsed)
}

// CheckSigningAlgorithm refuses an algorithm of a client's assertions that is not supported, or that one of
// its keys does not verify; empty is any. It returns an *oauth.FieldError.
func CheckSigningAlgorithm(algorithm string, keys []jose.Key) error {
	const field = "token_endpoint_auth_signing_alg"
	if algorithm == "" {
		return nil
	}
	if supported := oauth.SigningAlgorithms(); !slices.Contains(supported, algorithm) {
		return oauth.InvalidField(field, fmt.Sprintf("must be %s", oauth.JoinNames(supported, "or")))
	}
	for _, key := range keys {
		if !key.Verifies(algorithm) {
			return oauth.InvalidField(field, fmt.Sprintf("is %s, which the key %q cannot verify", algorithm, key.ID))
		}
	}
	return nil
}

// changesKeys reports whether the change is about how the client authenticates.
func (c Change) changesKeys() bool {
	return len(c.Keys) > 0 || c.JWKSURI != "" || c.SigningAlgorithm != nil
}

// keysOf returns the registered keys of the client after the change.
func (c Change) keysOf(before Client) []client.Key {
	if len(c.Keys) > 0 || c.JWKSURI != "" || before.URI != "" {
		return c.Keys
	}
	return before.Keys
}

// NewKey is a key to add to a client.
type NewKey struct {
	ClientID string
	// JWK is a JWK, or a JWK Set of one.
	JWK  string
	Name string
	// Lifetime is 0 for a key that does not expire.
	Lifetime time.Duration
}

// AddClientKey registers another key of a client with registered keys. It returns an
// *oauth.FieldError, client.ErrUnknown or client.ErrExists.
func (d Clients) AddClientKey(ctx context.Context, added NewKey) error {
	public, err := parseOne(added.JWK)
	if err != nil {
		return oauth.InvalidField("jwk", err.Error())
	}
	key, err := newKey(public, added.Name)
	if err != nil {
		return err
	}
	if added.Lifetime != 0 {
		if err := checkLifetime(added.Lifetime); err != nil {
			return err
		}
		key.Lifetime = &added.Lifetime
	}
	before, err := d.Store.FindClient(ctx, added.ClientID)
	if err != nil {
		return err
	}
	if err := registersKeys(before); err != nil {
		return err
	}
	if err := checkAlgorithm(before.Algorithm, []client.Key{key}); err != nil {
		return err
	}
	return keyError(d.Store.AddClientKey(ctx, added.ClientID, key))
}

// UpdateClientKey changes a key. It returns an *oauth.FieldError or client.ErrUnknown.
func (d Clients) UpdateClientKey(ctx context.Context, change client.KeyChange) error {
	if change.Name != nil {
		if err := checkKeyName(*change.Name); err != nil {
			return err
		}
	}
	if change.Lifetime != nil && *change.Lifetime != 0 {
		if err := checkLifetime(*change.Lifetime); err != nil {
			return err
		}
	}
	return keyError(d.Store.UpdateClientKey(ctx, change))
}

// RemoveClientKey removes a key. It returns an *oauth.FieldError or client.ErrUnknown.
func (d Clients) RemoveClientKey(ctx context.Context, id, keyID string) error {
	before, err := d.Store.FindClient(ctx, id)
	if err != nil {
		return err
	}
	if err := registersKeys(before); err != nil {
		return err
	}
	if len(before.Keys) == 1 && before.Keys[0].ID == keyID {
		return oauth.InvalidField("kid", "is the client's last key: add another one first, or disable the client")
	}
	return keyError(d.Store.RemoveClientKey(ctx, id, keyID))
}

// registersKeys refuses a client whose keys are not registered.
func registersKeys(c Client) error {
	switch {
	case !c.UsesKeys():
		return oauth.InvalidField("client_id", "is of a client without keys: set its first ones with jwks")
	case c.URI != "":
		return oauth.InvalidField("client_id", "is of a client that publishes its keys at jwks_uri")
	}
	return nil
}

func checkLifetime(d time.Duration) error {
	if d < 0 || d > maxKeyLifetime {
		return oauth.InvalidField("lifetime_seconds", fmt.Sprintf("must be from 0 to %d", int64(maxKeyLifetime/time.Second)))
	}
	return nil
}

// parseOne parses a JWK, or a JWK Set of one.
func parseOne(text string) (jose.Key, error) {
	if set, err := jose.ParseSet([]byte(text)); err == nil {
		if len(set) != 1 {
			return jose.Key{}, fmt.Errorf("must be one key, and is a set of %d", len(set))
		}
		return set[0], nil
	}
	return jose.ParseKey([]byte(text))
}

// keyError converts the store's errors about keys to those of a field.
func keyError(err error) error {
	switch {
	case errors.Is(err, client.ErrTooManyKeys):
		return oauth.InvalidField("client_id", fmt.Sprintf("has %d keys: remove one first", client.MaxKeys))
	case errors.Is(err, client.ErrUnknownKey):
		return oauth.InvalidField("kid", "is not one of the client's keys")
	case errors.Is(err, client.ErrExists):
		return oauth.InvalidField("kid", "is one of the client's keys already")
	}
	return err
}
