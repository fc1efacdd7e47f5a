// Package console visits every state of the developer console and of a workspace's pages, as test/states
// does with the others.
package console

import (
	"testing"

	"github.com/vidocu/usher/test/browser"
	"github.com/vidocu/usher/test/expect"
)

// TestEveryStateIsAccessible: as in test/states.
func TestEveryStateIsAccessible(t *testing.T) {
	expect.NoError(t, browser.Audit(t.Context(), t.TempDir(), "../../browser/driver", "console"))
}
