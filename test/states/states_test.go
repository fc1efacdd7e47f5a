// Package states visits every state of the pages in Chromium, but those of the developer console and of a
// workspace, which test/states/console visits. Both are apart from test/browser, which tests what the pages
// do, so that they run side by side.
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
	expect.NoError(t, browser.Audit(t.Context(), t.TempDir(), "../browser/driver", "people"))
}
