package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// ErrInvalid is every failed client authentication: an unknown or disabled app, a wrong or missing secret, or a secret
// from an app that has none. The caller learns nothing more (RFC 6749 §5.2 invalid_client); the log has the cause.
var ErrInvalid = errors.New("invalid client credentials")

// RefusedError is an ErrInvalid about a registered client. It has a cause.
type RefusedError struct {
	ClientID string
	err      error
}

// Error is ErrInvalid's text.
func (e *RefusedError) Error() string { return e.err.Error() }

// Unwrap returns ErrInvalid with its cause.
func (e *RefusedError) Unwrap() error { return e.err }

// maxSecretLength is more than any secret has; longer ones are not hashed.
const maxSecretLength = 256

// Record is an app as authentication needs it.
type Record struct {
	Client
	// Secrets are the hashes of those that are valid now, at most MaxSecrets.
	Secrets []secret.Hash
	// Expired are the hashes of replaced secrets that are still stored. They only explain a refusal.
	Expired []secret.Hash
}

// Records is the part of the registry that authentication reads.
type Records interface {
	// Credentials reads the apps of both identifiers, which may be the same, in one round trip. Unknown ones are left out.
	Credentials(ctx context.Context, first, second string) ([]Record, error)
}

// Authenticator decides whether a request comes from an app.
type Authenticator struct{ Records Records }

// Authenticate takes one or two readings of what an app sent, and answers the app of the first that is right. It fails
// with ErrInvalid, or with the registry's error: a registry that is down is never a wrong secret.
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
		if record := find(records, reading.ID); record.admits(reading.Secret) {
			return record.Client, nil
		}
	}
	return Client{}, explain(readings, records)
}

// identifiers are those worth a look-up; both are the same where there is but one.
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

// find answers the zero Record for an unknown app: it admits nobody, and takes as long over it as any other.
func find(records []Record, id string) Record {
	for _, r := range records {
		if r.ID == id {
			return r
		}
	}
	return Record{}
}

// admits always hashes once and compares MaxSecrets times, whatever the app is and however many secrets it has.
func (r Record) admits(presented secret.String) bool {
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
