package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/assertion"
)

// SentAssertion is a client assertion as a request had it.
type SentAssertion struct {
	Text secret.String
	// ClientID is the parameter client_id; empty if absent.
	ClientID string
}

// parse parses the assertion and returns the identifier of the client that it claims to come from.
func (s SentAssertion) parse() (assertion.Assertion, string, error) {
	parsed, err := assertion.Parse(s.Text.Reveal())
	if err != nil {
		return parsed, "", cause.With(ErrInvalid, cause.Of(err))
	}
	if s.ClientID != "" && s.ClientID != parsed.Claimed {
		return parsed, "", cause.With(ErrInvalid, cause.AssertionIssuer)
	}
	if !lookedUp(parsed.Claimed) {
		return parsed, "", cause.With(ErrInvalid, cause.ClientUnknown)
	}
	return parsed, parsed.Claimed, nil
}

// PublishedKeys has the keys that clients publish.
type PublishedKeys interface {
	At(address string) assertion.Keys
}

// Uses records that a client authenticated with a key, or with a secret. It never blocks.
type Uses interface {
	Used(clientID, keyID string)
	UsedSecret(clientID string, hash secret.Hash)
}

// AuthenticateAssertion returns the client that signed the assertion. It returns ErrInvalid, the
// registry's error, or assertion.ErrKeysUnreadable: keys that cannot be read are never reported as a
// wrong assertion. The assertion is spent only if the client is returned.
func (a Authenticator) AuthenticateAssertion(ctx context.Context, sent SentAssertion) (Client, error) {
	parsed, id, err := sent.parse()
	if err != nil {
		return Client{}, err
	}
	record, err := a.Records.Credentials(ctx, id)
	if errors.Is(err, ErrUnknown) {
		return Client{}, cause.With(ErrInvalid, cause.ClientUnknown)
	}
	if err != nil {
		return Client{}, fmt.Errorf("authenticating a client: %w", err)
	}
	key, err := a.verify(ctx, parsed, record)
	if errors.Is(err, assertion.ErrInvalid) {
		parameter, value := cause.Expected(err)
		return Client{}, &RefusedError{ClientID: record.ID, err: cause.Expecting(cause.With(ErrInvalid, cause.Of(err)), parameter, value)}
	}
	if err != nil {
		return Client{}, fmt.Errorf("verifying an assertion of %s: %w", record.ID, err)
	}
	a.Uses.Used(record.ID, key.ID)
	return record.Client, nil
}

// verify returns the key that signed the assertion. A client that cannot authenticate so is refused
// before its assertion is verified, and hence spends none.
func (a Authenticator) verify(ctx context.Context, parsed assertion.Assertion, record Record) (jose.Key, error) {
	switch {
	case record.Disabled:
		return jose.Key{}, cause.With(assertion.ErrInvalid, record.DisabledCause())
	case !record.UsesKeys():
		method := "client_secret_basic"
		if record.Type == Public {
			method = "none"
		}
		return jose.Key{}, cause.Expecting(cause.With(assertion.ErrInvalid, cause.AssertionUnexpected), "token_endpoint_auth_method", method)
	}
	var keys assertion.Keys = record.Keys
	if record.URI != "" {
		keys = a.Published.At(record.URI)
	}
	return a.Assertions.Verify(ctx, parsed, assertion.Client{
		ID: record.ID, Algorithm: record.Algorithm, FAPI2: record.Profile == FAPI2, Keys: keys,
	})
}
