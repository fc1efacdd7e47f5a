package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrInvalid is returned for every failed client authentication: an unknown or disabled client, a
// wrong or missing secret, or a secret from a public client. The caller cannot distinguish them
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
}

// Records is the part of the registry that authentication reads.
type Records interface {
	// Credentials reads the clients with both identifiers, which may be equal, in one round trip.
	// It omits unknown clients.
	Credentials(ctx context.Context, first, second string) ([]Record, error)
}

// Authenticator decides whether a request comes from a client.
type Authenticator struct{ Records Records }

// Authenticate takes one or two readings of the credentials that a client sent, and returns the
// client of the first reading that is valid. It returns ErrInvalid, or the registry's error: an
// unavailable registry is never reported as a wrong secret.
func (a Authenticator) Authenticate(ctx context.Context, readings []oauth.ClientCredentials) (Client, error) {
	first, second, ok := identifiers(readings)
	if !ok {
		return Client{}, cause.With(ErrInvalid, cause.AuthenticationMalformed)
	}
	records, err := a.Records.Credentials(ctx, first, second)
	if err != nil {
		return Client{}, fmt.Errorf("authenticating a client: %w", err)
	}
	for _, reading := range readings {
		if !readable(reading) {
			continue
		}
		if record := find(records, reading.ID); record.accepts(reading.Secret) {
			return record.Client, nil
		}
	}
	return Client{}, explain(readings, records)
}

// identifiers returns the identifiers to look up; both are equal if there is only one.
func identifiers(readings []oauth.ClientCredentials) (first, second string, ok bool) {
	for _, reading := range readings {
		if !readable(reading) {
			continue
		}
		if second = reading.ID; first == "" {
			first = reading.ID
		}
	}
	return first, second, first != ""
}

func readable(c oauth.ClientCredentials) bool {
	return ValidID(c.ID) && len(c.Secret.Reveal()) <= maxSecretLength
}

// find returns the zero Record for an unknown client. It accepts no secret, and checking it takes
// as long as checking any other Record.
func find(records []Record, id string) Record {
	for _, r := range records {
		if r.ID == id {
			return r
		}
	}
	return Record{}
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
	case r.Type == Public:
		return presented.IsZero()
	case r.Type == Confidential:
		return proven && !presented.IsZero()
	}
	return false
}
