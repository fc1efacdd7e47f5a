package client

import (
	"slices"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
)

// explain finds the cause of a failed authentication in the first reading of a registered client. It comes after the decision,
// from what was read for it, so that a refusal takes as long and says as much whatever its cause.
func explain(readings []oauth.ClientCredentials, records []Record) error {
	for _, reading := range readings {
		record := find(records, reading.ID)
		if !readable(reading) || record.ID == "" {
			continue
		}
		return &RefusedError{ClientID: record.ID, err: cause.With(ErrInvalid, record.refuses(reading.Secret))}
	}
	return cause.With(ErrInvalid, cause.ClientUnknown)
}

// refuses is why the client does not admit a secret.
func (r Record) refuses(presented secret.String) cause.Cause {
	switch {
	case r.Disabled:
		return cause.ClientDisabled
	case r.Type == Public:
		return cause.SecretUnexpected
	case presented.IsZero():
		return cause.SecretMissing
	case slices.Contains(r.Expired, secret.Sum(presented.Reveal())):
		return cause.SecretExpired
	}
	return cause.SecretWrong
}
