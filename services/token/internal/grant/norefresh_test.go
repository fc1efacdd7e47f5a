package grant_test

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// TestRFC6749_1_5_AClientWithoutTheGrantTypeGetsNoRefreshToken: it could never use one, and a stolen one would
// be of use once the client gets the grant type. A second use of the code still revokes the grant.
func TestRFC6749_1_5_AClientWithoutTheGrantTypeGetsNoRefreshToken(t *testing.T) {
	device := grant.Request{GrantType: oauth.DeviceCodeGrant, DeviceCode: secret.New(theCode), Credentials: as("app", "secret")}
	for grantType, req := range map[string]grant.Request{oauth.AuthorizationCodeGrant: redemption(), oauth.DeviceCodeGrant: device} {
		for _, may := range []bool{true, false} {
			b := newBench(0)
			b.clients.GrantTypes = []string{grantType}
			if may {
				b.clients.GrantTypes = append(b.clients.GrantTypes, oauth.RefreshTokenGrant)
			}
			b.clients.Code = &grant.ResolvedCode{Approved: johnsCode()}
			pair, err := b.issue(t, req)
			if err != nil || pair.Access.IsZero() || pair.Refresh.IsZero() == may {
				t.Errorf("%s, may refresh %v: %+v, %v", grantType, may, pair, err)
			}
			if stored := b.store.Redemption; stored.Refresh == (secret.Hash{}) || stored.Refresh == stored.CodeHash || stored.Refresh == stored.Access ||
				(stored.Refresh == secret.Sum(pair.Refresh.Reveal())) != may {
				t.Errorf("%s, may refresh %v: the hash of another secret is stored", grantType, may)
			}
			if _, err := b.issue(t, req); err == nil || b.store.Live(secret.New(theCode)) != (grantType == oauth.DeviceCodeGrant) {
				t.Errorf("%s, may refresh %v, again: %v", grantType, may, err)
			}
		}
	}
}
