package e2e

import (
	"net/http"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestFault_E8_TheAllInOneDeniesWhatHasBeenRevoked: in release 0.1.0 a fifth of revoked tokens was
// accepted within a millisecond after the revocation had returned.
func TestFault_E8_TheAllInOneDeniesWhatHasBeenRevoked(t *testing.T) {
	d := shared.AllInOne()
	b := d.NewBrowser()
	for range 40 {
		tokens, err := d.Issue(b, harness.Request{})
		expect.NoError(t, err)
		for range 3 {
			expect.Equal(t, "status before", expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+tokens.Access).Status, http.StatusOK)
		}
		a, err := d.JSON("/oauth/revoke", map[string]any{"token": tokens.Access})
		expect.NoError(t, err)
		expect.Equal(t, "revocation", a.Status, http.StatusOK)
		expect.Equal(t, "status after", expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+tokens.Access).Status, http.StatusUnauthorized)
	}
}
