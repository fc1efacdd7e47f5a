package jose_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// TestRFC7515_4_1_ASignedTokenHasKidAlgAndTypAlone: also after its key was stored, and only its own key
// verifies it.
func TestRFC7515_4_1_ASignedTokenHasKidAlgAndTypAlone(t *testing.T) {
	for _, algorithm := range oauth.IDTokenAlgorithms() {
		key, err := jose.GenerateKey(algorithm)
		if err != nil {
			t.Fatal(err)
		}
		der, err := key.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		stored, err := jose.ParsePrivateKey(algorithm, der)
		if err != nil || stored.Public.ID != key.Public.ID {
			t.Fatalf("%s: the stored key is %q, %v, want %q", algorithm, stored.Public.ID, err, key.Public.ID)
		}
		text, err := stored.Sign("JWT", map[string]string{"sub": "a"})
		if err != nil {
			t.Fatal(err)
		}
		header, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[0])
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]string
		if err := json.Unmarshal(header, &members); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"alg": algorithm, "kid": key.Public.ID, "typ": "JWT"}, members); diff != "" {
			t.Errorf("the header (-want +got):\n%s", diff)
		}
		token, err := jose.ParseToken(text, 4<<10)
		if err != nil {
			t.Fatal(err)
		}
		if payload, err := token.Verify(key.Public); err != nil || string(payload) != `{"sub":"a"}` {
			t.Errorf("verified: %q, %v", payload, err)
		}
		other, err := jose.GenerateKey(algorithm)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := token.Verify(other.Public); err == nil {
			t.Error("another key verifies the token")
		}
	}
	for _, algorithm := range []string{"", "none", "HS256", "PS256"} {
		if _, err := jose.GenerateKey(algorithm); err == nil {
			t.Errorf("a key for %q is generated", algorithm)
		}
	}
}
