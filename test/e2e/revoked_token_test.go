package e2e

import (
	"net/http"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestFault_E8_TheAllInOneDeniesWhatHasBeenRevoked: in release 0.1.0 a fifth of revoked tokens was
// accepted within a millisecond after the revocation had returned.
func TestFault_E8_TheAllInOneDeniesWhatHasBeenRevoked(t *testing.T) {
	d := shared.shapes[0]
	b := d.NewBrowser()
	for range 40 {
		tokens, err := d.Issue(b, harness.Request{})
		must(t, err)
		for range 3 {
			want(t, "status before", call(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+tokens.Access).Status, http.StatusOK)
		}
		a, err := d.JSON("/oauth/revoke", map[string]any{"token": tokens.Access})
		must(t, err)
		want(t, "revocation", a.Status, http.StatusOK)
		want(t, "status after", call(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+tokens.Access).Status, http.StatusUnauthorized)
	}
}
