package client

import (
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// explain returns the cause of a failed authentication, from the first reading that names a
// registered client. It runs after the decision and on the records read for it, so that the time
// and the response are the same for every cause.
func explain(readings []oauth.ClientCredentials, records map[string]Record) error {
	for _, reading := range readings {
		record := records[reading.ID]
		if !readable(reading) || record.ID == "" {
			continue
		}
		return &RefusedError{ClientID: record.ID, err: cause.With(ErrInvalid, record.refusalCause(reading.Secret))}
	}
	return cause.With(ErrInvalid, cause.ClientUnknown)
}

// refusalCause returns why the client's secrets do not accept the presented one.
func (r Record) refusalCause(presented secret.String) cause.Cause {
	switch {
	case r.Disabled:
		return r.DisabledCause()
	case r.UsesKeys():
		return cause.AssertionMissing
	case r.Type == Public:
		return cause.SecretUnexpected
	case presented.IsZero():
		return cause.SecretMissing
	case slices.Contains(r.Expired, secret.Sum(presented.Reveal())):
		return cause.SecretExpired
	}
	return cause.SecretWrong
}

// DisabledCause returns why a client is disabled.
func (c Client) DisabledCause() cause.Cause {
	if c.Status == Suspended {
		return cause.ClientSuspended
	}
	return cause.ClientDisabled
}
