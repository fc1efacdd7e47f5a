package assertion

import (
	"context"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

const (
	// MaxLifetime is how far ahead an assertion's exp may be, apart from Skew.
	MaxLifetime = 5 * time.Minute
	// Skew is how much the client's clock may be ahead.
	Skew = time.Minute
)

// Verifier verifies the assertions of clients. Its methods may be called concurrently.
type Verifier struct {
	// Issuer is the only accepted audience (draft-ietf-oauth-rfc7523bis §4).
	Issuer string
	// Entries record which assertions were accepted. If the store is unavailable no assertion is
	// accepted: without the record an assertion could be used twice.
	Entries Entries
	Now     func() time.Time
}

// Verify returns the key that signed the assertion, if the client's keys verify it and it was not
// accepted before. It returns an ErrInvalid, an ErrKeysUnreadable, or the error of the records. The
// record of its use is the last step: an assertion that is refused stays as it was.
func (v Verifier) Verify(ctx context.Context, a Assertion, client Client) (jose.Key, error) {
	payload, key, err := a.signedBy(ctx, client)
	if err != nil {
		return jose.Key{}, err
	}
	signed, err := parseClaims(payload)
	if err != nil {
		return jose.Key{}, err
	}
	if !a.acceptsType() {
		return jose.Key{}, refuse(cause.AssertionType)
	}
	if err := v.check(signed, client); err != nil {
		return jose.Key{}, err
	}
	// The record is needed until the assertion is refused as expired.
	keep := timeOf(*signed.ExpiresAt).Sub(v.Now()) + Skew
	first, err := v.Entries.PutNew(ctx, useKey(client.ID, signed.ID), nil, keep)
	switch {
	case err != nil:
		return jose.Key{}, err
	case !first:
		return jose.Key{}, refuse(cause.AssertionReplayed)
	}
	return key, nil
}

// check returns the refusal of the first claim that is not accepted; nil if all are.
func (v Verifier) check(signed claims, client Client) error {
	if signed.Issuer != client.ID || signed.Subject != client.ID {
		return refuse(cause.AssertionIssuer)
	}
	sent := signed.Audience
	if len(sent.values) != 1 || sent.values[0] != v.Issuer {
		return refuse(wrongAudience(sent.values))
	}
	if sent.list && client.FAPI2 {
		return cause.Expecting(refuse(cause.AssertionAudience), "aud", v.Issuer+" (a string, not a list)")
	}
	if why := checkTimes(signed, v.Now()); why != "" {
		return refuse(why)
	}
	if signed.ID == "" {
		return refuse(cause.AssertionIDMissing)
	}
	return nil
}

func checkTimes(signed claims, now time.Time) cause.Cause {
	if signed.ExpiresAt == nil {
		return cause.AssertionLifetime
	}
	expiresAt := timeOf(*signed.ExpiresAt)
	if !now.Before(expiresAt) {
		return cause.AssertionExpired
	}
	if expiresAt.Sub(now) > MaxLifetime+Skew {
		return cause.AssertionLifetime
	}
	for _, from := range []*float64{signed.IssuedAt, signed.NotBefore} {
		if from != nil && timeOf(*from).Sub(now) > Skew {
			return cause.AssertionNotYet
		}
	}
	return ""
}

// wrongAudience returns the cause of an audience that is not accepted. The URL of an endpoint, which
// RFC 7523 §3 recommended and many libraries still send, has a cause of its own.
func wrongAudience(sent []string) cause.Cause {
	for _, audience := range sent {
		for _, path := range []string{oauth.TokenPath, oauth.PushPath, "/oauth/revoke", "/oauth/introspect"} {
			if strings.HasSuffix(strings.TrimSuffix(audience, "/"), path) {
				return cause.AssertionAudienceEndpoint
			}
		}
	}
	return cause.AssertionAudience
}
