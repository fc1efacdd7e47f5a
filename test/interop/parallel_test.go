package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestFault_D10_ThePageQuotesTheWarningOfParallelRefreshes: the log lines that docs/clients.md
// quotes are in the log after two refreshes with one token.
func TestFault_D10_ThePageQuotesTheWarningOfParallelRefreshes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "clients.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## Parallel refreshes\n")
	tokens, err := usher.Issue(usher.NewBrowser(), harness.Request{Email: harness.EstherEmail})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := usher.Refresh(tokens.Refresh); err != nil {
			t.Fatal(err)
		}
	}
	log, err := usher.Log()
	if err != nil {
		t.Fatal(err)
	}
	quotes := regexp.MustCompile("`(a rotated [^`]+|looks like [^`]+)`").FindAllStringSubmatch(section, -1)
	if len(quotes) != 2 {
		t.Errorf("docs/clients.md quotes %d lines of the log, want 2", len(quotes))
	}
	for _, quote := range quotes {
		if !strings.Contains(log, quote[1]) {
			t.Errorf("the log has no %q", quote[1])
		}
	}
}
