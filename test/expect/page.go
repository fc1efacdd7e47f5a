package expect

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// Page checks that a response is one of our pages with all of these texts.
func Page(t *testing.T, what string, page harness.Page, status int, texts ...string) {
	t.Helper()
	Equal(t, "status of "+what, page.Status, status)
	for _, text := range texts {
		if !strings.Contains(page.Body, text) {
			t.Errorf("%s does not say %q:\n%s", what, text, page.Body)
		}
	}
}

// ErrorPage checks that the response is PAGE400 (docs/security-cases.md): our own error page, and
// no redirect.
func ErrorPage(t *testing.T, what string, page harness.Page) {
	t.Helper()
	if page.Status != http.StatusBadRequest || page.Location() != "" || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
		t.Errorf("%s: status %d, location %q, type %q; want a 400 page", what, page.Status, page.Location(), page.Header.Get("Content-Type"))
	}
	if strings.Contains(page.Body, "evil.test") {
		t.Errorf("%s: the page contains the refused redirect URI", what)
	}
}

// PageHeaders checks the headers of docs/security-cases.md 10.
func PageHeaders(t *testing.T, what string, page harness.Page) {
	t.Helper()
	for name, value := range map[string]string{
		"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Type": "text/html; charset=utf-8",
	} {
		Equal(t, what+" "+name, page.Header.Get(name), value)
	}
	csp := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe-inline") || strings.Contains(csp, "form-action") {
		t.Errorf("%s: Content-Security-Policy is %q", what, csp)
	}
}

// Posted returns the response to a request that does not come from our page.
func Posted(t *testing.T, b *harness.Browser, path string, c harness.CrossSite) harness.Page {
	t.Helper()
	page, err := b.PostCrossSite(path, c)
	NoError(t, err)
	return page
}

// SignedIn signs a new browser in on the account page.
func SignedIn(t *testing.T, d *harness.Deployment, email string) *harness.Browser {
	t.Helper()
	b := d.NewBrowser()
	page, err := b.Follow(b.Get("/account/connected-apps"))
	NoError(t, err)
	page, err = b.SignIn(page, email, harness.UserPassword)
	NoError(t, err)
	Equal(t, "status after signing in", page.Status, http.StatusOK)
	return b
}
