// Package states visits every state of every page in Chromium. It is apart from test/browser, which
// tests what the pages do, so that both run side by side.
package states

import (
	"testing"

	"github.com/vidocu/usher/test/browser"
	"github.com/vidocu/usher/test/expect"
)

// TestEveryStateIsAccessible: no violation of WCAG 2.2 AA in light and on a phone, none of its rules
// about colours in dark, no overflow at 320 CSS pixels, and nothing on the console under the content
// security policy.
func TestEveryStateIsAccessible(t *testing.T) {
	site, err := browser.Open(t.TempDir(), "../browser/driver")
	expect.NoError(t, err)
	defer func() { expect.NoError(t, site.Close()) }()
	expect.NoError(t, site.Play(t.Context(), "audit", nil, nil))
}
