package arch

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// text is a file of the repository.
func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTheServersThatWereTriedAreThoseOfTheDocuments: docs/operations.md names what `make matrix` runs on, no more and no less, and
// the oldest that is claimed, here as elsewhere, is the oldest that it runs on.
func TestTheServersThatWereTriedAreThoseOfTheDocuments(t *testing.T) {
	var tried []string
	oldest := map[string]string{} // name → major version
	for line := range strings.Lines(text(t, "tools/matrix/servers.txt")) {
		if fields := strings.Fields(line); len(fields) == 4 && fields[0] != "#" {
			tried = append(tried, fields[0]+" "+fields[1])
			if major, _, _ := strings.Cut(fields[1], "."); oldest[fields[0]] == "" {
				oldest[fields[0]] = major
			}
		}
	}
	slices.Sort(tried)
	page := text(t, "docs/operations.md")
	named := regexp.MustCompile(`(?:PostgreSQL|Redis|Valkey) \d+(?:\.\d+)+`).FindAllString(page, -1)
	slices.Sort(named)
	if diff := cmp.Diff(tried, slices.Compact(named)); diff != "" || len(tried) == 0 {
		t.Errorf("docs/operations.md does not name what tools/matrix/servers.txt pins: %s", diff)
	}
	for path, claim := range map[string]string{
		"docs/operations.md":   "PostgreSQL %s or newer, and on Redis %s or newer",
		"scripts/with-deps.sh": "PostgreSQL %s or newer, Redis %s or newer",
		"CONTRIBUTING.md":      "PostgreSQL %s or newer, Redis %s or newer",
	} {
		want := fmt.Sprintf(claim, oldest["PostgreSQL"], oldest["Redis"])
		if !strings.Contains(strings.Join(strings.Fields(text(t, path)), " "), want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
}
