package client

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vidocu/usher/internal/platform/lease"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/assertion"
)

// ErrInvalid is returned for every failed client authentication: an unknown or disabled client, a
// wrong or missing secret, a secret from a public client, or an invalid assertion. The caller cannot distinguish them
// (RFC 6749 §5.2 invalid_client); the log has the cause.
var ErrInvalid = errors.New("invalid client credentials")

// RefusedError is an ErrInvalid for a registered client. It has a cause.
type RefusedError struct {
	ClientID string
	err      error
}

// Error returns the text of ErrInvalid.
func (e *RefusedError) Error() string { return e.err.Error() }

// Unwrap returns ErrInvalid with its cause.
func (e *RefusedError) Unwrap() error { return e.err }

// maxSecretLength exceeds the length of every generated secret; longer values are not hashed.
const maxSecretLength = 256

// Record is a client with the fields that authentication needs.
type Record struct {
	Client
	// Secrets are the hashes of the valid secrets, at most MaxSecrets.
	Secrets []secret.Hash
	// Expired are the hashes of replaced secrets that are still stored. They are used only to find
	// the cause of a failure.
	Expired []secret.Hash
	// Keys are the public keys that are registered for the client; none if it publishes them.
	Keys assertion.Registered
}

// Records is the part of the registry that authentication reads.
type Records interface {
	// Credentials returns ErrUnknown if no client has the identifier, and an error that is ErrInvalid
	// if the client's document is not accepted. The caller does not change the slices.
	Credentials(ctx context.Context, id string) (Record, error)
}

// Authenticator decides whether a request comes from a client.
type Authenticator struct {
	Records    Records
	Assertions assertion.Verifier
	Published  PublishedKeys
	// Uses may be nil where clients authenticate with secrets only, and no use is recorded.
	Uses Uses
}

// Authenticate takes one or two readings of the credentials that a client sent, and returns the
// client of the first reading that is valid. It returns ErrInvalid, or the registry's error: an
// unavailable registry is never reported as a wrong secret.
func (a Authenticator) Authenticate(ctx context.Context, readings []oauth.ClientCredentials) (Client, error) {
	ids := identifiers(readings)
	if len(ids) == 0 {
		return Client{}, cause.With(ErrInvalid, cause.AuthenticationMalformed)
	}
	records, err := a.find(ctx, ids)
	if err != nil {
		return Client{}, fmt.Errorf("authenticating a client: %w", err)
	}
	for _, reading := range readings {
		if !readable(reading) {
			continue
		}
		if record := records[reading.ID]; record.accepts(reading.Secret) {
			if a.Uses != nil && !reading.Secret.IsZero() {
				a.Uses.UsedSecret(record.ID, secret.Sum(reading.Secret.Reveal()))
			}
			if len(records) > 1 { // a secret of the other client may expire earlier, and it may have another version
				record.Stamp = lease.Stamp{}
			}
			return record.Client, nil
		}
	}
	return Client{}, explain(readings, records)
}

// find returns the clients of the identifiers. A client that is unknown is the zero Record, which
// accepts no secret, and checking it takes as long as checking any other.
func (a Authenticator) find(ctx context.Context, ids []string) (map[string]Record, error) {
	records := make(map[string]Record, len(ids))
	for _, id := range ids {
		record, err := a.Records.Credentials(ctx, id)
		if err != nil && !errors.Is(err, ErrUnknown) {
			return nil, err
		}
		records[id] = record
	}
	return records, nil
}

// identifiers returns the identifiers to look up, each once.
func identifiers(readings []oauth.ClientCredentials) []string {
	var ids []string
	for _, reading := range readings {
		if readable(reading) && !slices.Contains(ids, reading.ID) {
			ids = append(ids, reading.ID)
		}
	}
	return ids
}

func readable(c oauth.ClientCredentials) bool {
	return lookedUp(c.ID) && len(c.Secret.Reveal()) <= maxSecretLength
}

// accepts always hashes once and compares MaxSecrets times, whatever the client's type and number
// of secrets.
func (r Record) accepts(presented secret.String) bool {
	hash := secret.Sum(presented.Reveal())
	proven := false
	for i := range MaxSecrets {
		var stored secret.Hash
		if i < len(r.Secrets) {
			stored = r.Secrets[i]
		}
		equal := secret.Equal(hash, stored)
		proven = proven || equal && i < len(r.Secrets)
	}
	switch {
	case r.Disabled:
		return false
	case r.UsesKeys():
		return false
	case r.Type == Public:
		return presented.IsZero()
	case r.Type == Confidential:
		return proven && !presented.IsZero()
	}
	return false
}
