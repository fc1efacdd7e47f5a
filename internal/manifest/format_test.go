package manifest_test

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/manifest"
)

// TestFormatIsWhatApplyTakes: a manifest that was written has no difference to the registration, with every member set and
// with none.
func TestFormatIsWhatApplyTakes(t *testing.T) {
	for _, text := range []string{whole, "clients: [{id: vdo_client_a, name: An App, type: public, redirect_uris: [https://a.example/cb], scopes: [videos:read]}]"} {
		have := registered(parse(t, text)[0].Create())
		written, err := manifest.Format(have)
		if err != nil {
			t.Fatal(err)
		}
		again := parse(t, string(written))
		update, differences, err := again[0].Update(have)
		if err != nil || update != nil || len(differences) > 0 {
			t.Errorf("the manifest\n%s\nhas the differences %v, %v", written, differences, err)
		}
		if strings.Contains(string(written), `""`) || strings.Contains(string(written), "[]") {
			t.Errorf("it has empty members:\n%s", written)
		}
	}
}
