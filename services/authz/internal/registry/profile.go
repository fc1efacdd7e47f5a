package registry

import (
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// checkProfile refuses what contradicts the client's security profile, by name. keys are those that
// are registered for it.
func checkProfile(registration client.Registration, keys []client.Key) error {
	if registration.Profile != client.FAPI2 {
		return nil
	}
	const profile = "the profile fapi2"
	switch {
	case registration.Type != client.Confidential:
		return oauth.InvalidField("type", "must be confidential with "+profile+" (FAPI 2.0 §5.3.3.1)")
	case !registration.UsesKeys():
		return oauth.InvalidField("token_endpoint_auth_method", "must be private_key_jwt with "+profile+": register jwks or jwks_uri")
	case oauth.FAPI2Excludes(registration.Algorithm):
		return oauth.InvalidField("token_endpoint_auth_signing_alg", "cannot be RS256 with "+profile+" (FAPI 2.0 §5.4.1)")
	case registration.Unverified:
		return oauth.InvalidField("unverified", "excludes "+profile)
	case registration.RefreshRetry != nil:
		return oauth.InvalidField("refresh_retry_seconds", "has no meaning with "+profile+", whose refresh tokens are not rotated")
	case registration.May(oauth.DeviceCodeGrant):
		return oauth.InvalidField("grant_types", fmt.Sprintf("cannot include %s with %s, whose requests are pushed", oauth.DeviceCodeGrant, profile))
	}
	for i, uri := range registration.RedirectURIs {
		if !strings.HasPrefix(uri, "https://") {
			return oauth.InvalidField("redirect_uris", fmt.Sprintf("has number %d, which is not https, with %s (FAPI 2.0 §5.3.2.2)", i+1, profile))
		}
	}
	return checkStrongKeys(keys)
}

// checkIDTokens refuses an algorithm of ID tokens that the client's security profile excludes.
func checkIDTokens(registration client.Registration) error {
	if registration.Profile == client.FAPI2 && oauth.FAPI2Excludes(registration.IDTokenAlgorithm) {
		return oauth.InvalidField("id_token_signed_response_alg", "cannot be RS256 with the profile fapi2 (FAPI 2.0 §5.4.1)")
	}
	return nil
}

// checkChangedIDTokens is checkIDTokens for a change of a client. An earlier build stored both, and such a
// client can still be changed: EffectiveIDTokenAlgorithm is what counts.
func checkChangedIDTokens(before client.Client, c Change, after client.Registration) error {
	if before.Profile == client.FAPI2 && c.IDTokenAlgorithm == "" {
		return nil
	}
	return checkIDTokens(after)
}

// checkStrongKeys refuses a key that verifies nothing but an excluded algorithm.
func checkStrongKeys(keys []client.Key) error {
	for _, key := range keys {
		public, err := jose.ParseKey(key.JWK)
		if err != nil {
			continue // the key was validated before
		}
		if algorithms := public.Algorithms(); len(algorithms) == 1 && oauth.FAPI2Excludes(algorithms[0]) {
			return oauth.InvalidField("jwks", fmt.Sprintf("has the key %q for RS256, which the profile fapi2 excludes", key.ID))
		}
	}
	return nil
}
