package flow_test

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// TestN10_3_ParametersOfOpenIDConnect are read where it is on, and ignored where it is off.
func TestN10_3_ParametersOfOpenIDConnect(t *testing.T) {
	for name, c := range map[string]struct {
		query, want string
	}{
		"a long nonce":             {native("nonce", strings.Repeat("n", 256)), "invalid_request"},
		"a nonce twice":            {also(native("nonce", "a"), "nonce=b"), "invalid_request"},
		"a hint of another server": {native("id_token_hint", "x"), "invalid_request"},
		"a registration":           {native("registration", "{}"), "registration_not_supported"},
		"a good nonce":             {native("nonce", strings.Repeat("n", 255)), ""},
	} {
		for _, on := range []bool{true, false} {
			b := over(allClients())
			if on {
				b.Scopes = catalog.Default().WithOpenID()
			}
			step := b.start(t, c.query, b.signedIn())
			location := step.Location.Reveal()
			if refused := on && c.want != ""; refused != (step.Kind == flow.Redirect) || refused && !strings.Contains(location, "error="+c.want) {
				t.Errorf("%s, on %v: %+v %q", name, on, step, location)
			}
		}
	}
}
