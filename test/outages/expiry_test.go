package outages

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestFault_A7_ARequestThatExpiredSaysSo, and a decided one still shows its decision after its code
// has expired.
func TestFault_A7_ARequestThatExpiredSaysSo(t *testing.T) {
	t.Parallel() // it has its own servers
	d, _ := shared.OwnProcesses(t, nil)
	b := expect.SignedIn(t, d, harness.JohnEmail)
	open, err := b.Consent(harness.Request{})
	expect.NoError(t, err)
	decided, err := b.Consent(harness.Request{})
	expect.NoError(t, err)
	_, err = b.Decide(decided, "ws_acme", "approve")
	expect.NoError(t, err)

	d.Set("USHER_CLOCK_OFFSET", "11m")
	restart(t, d)
	page, err := b.Get(decided.URL)
	expect.NoError(t, err)
	expect.Page(t, "a decision whose code has expired", page, 200, "You allowed this request", "Acme Studio")
	if len(page.Forms) > 0 {
		t.Error("the page links to the client with an expired code")
	}
	followed, err := b.Follow(b.Decide(decided, "ws_acme", "approve"))
	expect.NoError(t, err)
	expect.Page(t, "the decision again", followed, 200, "You allowed this request")

	d.Set("USHER_CLOCK_OFFSET", "31m")
	restart(t, d)
	for _, address := range []string{open.URL, strings.Replace(open.URL, "/consent", "/signin", 1)} {
		page, err = b.Follow(b.Get(address))
		expect.NoError(t, err)
		expect.Page(t, address, page, 400, "This request has expired", "Example App", "nothing was shared")
		if _, err := page.FormWith("password"); err == nil {
			t.Error("the page has a password field")
		}
	}
	followed, err = b.Follow(b.Decide(open, "ws_acme", "approve"))
	expect.NoError(t, err)
	expect.Page(t, "a decision that comes too late", followed, 400, "This request has expired")
}
