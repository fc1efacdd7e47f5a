package introspect_test

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/sdk/enforce"
)

func TestEveryTokenThatIsIssuedHasTheFormOfItsKind(t *testing.T) {
	for range 100 {
		for token, want := range map[string]enforce.Kind{
			secret.Generate(secret.AccessToken).Reveal():  enforce.AccessToken,
			secret.Generate(secret.RefreshToken).Reveal(): enforce.RefreshToken,
			secret.Generate(secret.APIKey).Reveal():       enforce.APIKey,
			secret.NewUserToken().Reveal():                enforce.UserToken,
			secret.Generate(secret.ClientSecret).Reveal(): 0,
			secret.NewCode().Reveal():                     0,
		} {
			if got := enforce.KindOf(token); got != want {
				t.Errorf("a token of %d characters is taken for %s, want %s", len(token), got, want)
			}
		}
	}
}
