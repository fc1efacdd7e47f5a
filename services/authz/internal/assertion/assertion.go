package assertion

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// MaxLength bounds an assertion, in bytes.
const MaxLength = 8 << 10

// ErrInvalid is returned for every assertion that is not accepted. It has a cause, which is for the
// log.
var ErrInvalid = errors.New("invalid client assertion")

// ErrKeysUnreadable is returned where the client's keys cannot be read: the assertion may be valid.
var ErrKeysUnreadable = errors.New("the client's keys cannot be read")

func refuse(why cause.Cause) error { return cause.With(ErrInvalid, why) }

// Assertion is a parsed assertion. Nothing of it is verified.
type Assertion struct {
	token jose.Token
	// Claimed is the sub. It is used only to find the client whose keys verify the assertion.
	Claimed string
}

// Parse parses an assertion. It returns an ErrInvalid.
func Parse(text string) (Assertion, error) {
	token, err := jose.ParseToken(text, MaxLength)
	if errors.Is(err, jose.ErrAlgorithm) {
		return Assertion{}, refuse(cause.AssertionAlgorithm)
	}
	if err != nil {
		return Assertion{}, refuse(cause.AssertionMalformed)
	}
	read, err := parseClaims(token.Unverified())
	if err != nil {
		return Assertion{}, err
	}
	return Assertion{token: token, Claimed: read.Subject}, nil
}

// Keys are the public keys of a client.
type Keys interface {
	// Keys returns the keys that are valid now. If none of them has the identifier, it may look for
	// newer ones; an empty identifier is that of any key. It returns ErrKeysUnreadable, or ctx's
	// error. The caller does not change the slice.
	Keys(ctx context.Context, keyID string) ([]jose.Key, error)
}

// Registered are keys that are registered for a client.
type Registered struct {
	Valid []jose.Key
	// Expired are used only to find the cause of a failure.
	Expired []jose.Key
}

// Keys returns the valid keys.
func (r Registered) Keys(context.Context, string) ([]jose.Key, error) { return r.Valid, nil }

// Client is the client that an assertion must come from.
type Client struct {
	ID string
	// Algorithm is the only one that is accepted; empty for any that a key of the client verifies.
	Algorithm string
	// FAPI2 says that the client follows the FAPI 2.0 Security Profile: its aud must be a string (§5.3.2.1),
	// and RS256 is not accepted (§5.4.1).
	FAPI2 bool
	Keys  Keys
}

// algorithms returns those that are accepted. It is empty where the registered one is not accepted any more.
func (c Client) algorithms() []string {
	return slices.DeleteFunc(oauth.SigningAlgorithms(), func(name string) bool {
		return c.Algorithm != "" && name != c.Algorithm || c.FAPI2 && oauth.FAPI2Excludes(name)
	})
}

// signedBy returns the payload and the key that signed it.
func (a Assertion) signedBy(ctx context.Context, client Client) ([]byte, jose.Key, error) {
	if allowed := client.algorithms(); !slices.Contains(allowed, a.token.Algorithm) {
		return nil, jose.Key{}, cause.Expecting(refuse(cause.AssertionAlgorithm), "alg", strings.Join(allowed, " "))
	}
	keys, err := client.Keys.Keys(ctx, a.token.KeyID)
	if err != nil {
		return nil, jose.Key{}, err
	}
	candidates := a.token.Candidates(keys)
	if len(candidates) == 0 {
		return nil, jose.Key{}, refuse(a.missingKey(client.Keys))
	}
	for _, key := range candidates {
		if payload, err := a.token.Verify(key); err == nil {
			return payload, key, nil
		}
	}
	return nil, jose.Key{}, refuse(cause.AssertionSignature)
}

// missingKey returns why no key of the client may have signed the assertion.
func (a Assertion) missingKey(keys Keys) cause.Cause {
	if registered, ok := keys.(Registered); ok && len(a.token.Candidates(registered.Expired)) > 0 {
		return cause.AssertionKeyExpired
	}
	return cause.AssertionKeyUnknown
}

// acceptsType reports whether the header's typ is that of a client assertion, or names no kind of
// JWT: another kind, such as a DPoP proof or a request object, must not pass as a client's
// authentication (RFC 8725 §3.11).
func (a Assertion) acceptsType() bool {
	switch mediaType(a.token.Type) {
	case "", "jwt", "client-authentication+jwt":
		return true
	}
	return false
}
