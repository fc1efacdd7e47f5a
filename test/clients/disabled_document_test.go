package clients

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestN5_ADocumentClientIsDisabledAlone: its tokens end at once, and it cannot come back until it is
// enabled. Other clients of the same host go on.
func TestN5_ADocumentClientIsDisabledAlone(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		p := newPublisher(t)
		id, other := p.publish(t, "/disabled.json"), p.publish(t, "/other.json")
		b, r := d.NewBrowser(), documentRequest(id)
		issued, err := d.Issue(b, r)
		expect.NoError(t, err)
		untouched, err := d.Issue(b, documentRequest(other))
		expect.NoError(t, err)
		open, err := b.Consent(r)
		expect.NoError(t, err)
		operate := func(args ...string) string {
			t.Helper()
			printed, err := d.Operate(t.Context(), shared.Bins, append([]string{"clients"}, args...)...)
			expect.NoError(t, err)
			return printed
		}
		refresh := func() harness.Response {
			t.Helper()
			res, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {issued.Refresh}, "client_id": {id}})
			expect.NoError(t, err)
			return res
		}
		for range 2 { // it may be repeated
			operate("disable", id, "--yes")
			expect.Active(t, d, issued.Access, false)
		}
		if listed := operate("disabled-documents"); !strings.Contains(listed, id) || strings.Contains(listed, other) {
			t.Errorf("the disabled documents are %s", listed)
		}
		refused := refresh()
		if refused.Status != http.StatusUnauthorized || refused.Code() != "invalid_client" {
			t.Errorf("a refresh returns %d %s", refused.Status, refused.Raw)
		}
		page, err := b.Follow(b.Decide(open, "ws_acme", "approve"))
		expect.NoError(t, err)
		if strings.Contains(page.Location(), "code=") || page.Status == http.StatusOK && strings.Contains(page.Body, "wants to use") {
			t.Errorf("an open consent page leads to %d %s", page.Status, page.Body)
		}
		page, err = b.Get(r.Path())
		expect.NoError(t, err)
		expect.Page(t, "a new authorization", page, http.StatusBadRequest, "it has been disabled")
		expect.Active(t, d, untouched.Access, true)

		operate("enable", id)
		if listed := operate("disabled-documents"); strings.Contains(listed, id) {
			t.Errorf("the disabled documents are %s", listed)
		}
		if again := refresh(); again.Status != http.StatusBadRequest || again.Code() != "invalid_grant" {
			t.Errorf("a refresh after it was enabled returns %d %s", again.Status, again.Raw)
		}
		r.Verifier = harness.NewVerifier()
		_, err = d.Issue(b, r)
		expect.NoError(t, err)
	})
}
