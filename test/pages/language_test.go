package pages

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestPagesOfAnAuthorizationAreInTheUsersLanguageAndZone once the user has signed in: the consent page,
// the outcome, and the pages that ask for another sign-in.
func TestPagesOfAnAuthorizationAreInTheUsersLanguageAndZone(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		m := join(t, d, "ada.deutsch@example.com")
		b, page := m.signIn(t, d, "/account")
		press(t, b, page, "/account", map[string]string{"language": "de", "time_zone": "Asia/Tokyo"})
		r := harness.Request{}
		consent, err := b.Consent(r)
		expect.NoError(t, err)
		mustShow(t, consent, `<html lang="de"`)
		_, err = b.Decide(consent, "ws_acme", "approve")
		expect.NoError(t, err)
		outcome, err := b.Get(strings.TrimPrefix(consent.URL, d.PublicURL))
		expect.NoError(t, err)
		mustShow(t, outcome, `<html lang="de"`, " JST")
		for _, prompt := range []string{"login", "select_account"} {
			page, err := b.Follow(b.Get(r.Path() + "&prompt=" + prompt))
			expect.NoError(t, err)
			expect.Equal(t, "status with prompt="+prompt, page.Status, http.StatusOK)
			mustShow(t, page, `<html lang="de"`)
		}
	})
}
