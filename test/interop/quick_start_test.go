package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestTheQuickStartRunsInEachLanguage: the programs of docs/quick-start.md beside the command, each with a
// code of its own; with a wrong one they print the error and its description.
func TestTheQuickStartRunsInEachLanguage(t *testing.T) {
	install(t)
	page := blocks(t, "quick-start.md")
	for info, c := range map[string]struct {
		file    string
		program []string
	}{
		"go fold":     {"main.go", []string{"go", "run"}},
		"python fold": {"main.py", []string{"python3"}},
		"ts fold":     {"main.mts", []string{absolute(t, "bin/clients/node-bin")}},
	} {
		code, err := usher.NewBrowser().Approve(harness.Request{})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), c.file)
		text := strings.ReplaceAll(page[info], "http://localhost:8080", usher.PublicURL)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		run := func(code string) (out, errs string, err error) {
			app := exec.CommandContext(t.Context(), c.program[0], append(c.program[1:], file)...)
			app.Env = append(os.Environ(), "AUTH_CODE="+code)
			var printed strings.Builder
			app.Stderr = &printed
			text, err := app.Output()
			return string(text), printed.String(), err
		}
		if out, errs, err := run(code); err != nil || !strings.HasPrefix(out, "videos:read") {
			t.Errorf("%s prints %q and exits with %v: %s", info, out, err, errs)
		}
		if out, errs, err := run("x"); err == nil || out != "" || !strings.Contains(errs, "invalid_grant") || !strings.Contains(errs, "authorization code") {
			t.Errorf("%s with a wrong code prints %q and exits with %v: %s", info, out, err, errs)
		}
	}
}
