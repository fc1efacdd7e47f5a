package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestTheCommandsOfTheREADMERun runs each curl of README.md with a live token, against the server
// of these tests.
func TestTheCommandsOfTheREADMERun(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := usher.Issue(usher.NewBrowser(), harness.Request{})
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("http://localhost:8080", usher.PublicURL, "vdo_oat_…", tokens.Access)
	commands := regexp.MustCompile("curl [^`\n]+").FindAllString(string(text), -1)
	var output []string
	for _, command := range commands {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", fill.Replace(strings.Replace(command, "curl", "curl -fsS", 1))).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
		output = append(output, string(out))
	}
	if len(output) != 2 || !strings.Contains(output[0], `"active":true`) || !strings.Contains(output[1], `"data"`) {
		t.Errorf("the commands print %q, want an active token and the list of videos", output)
	}
}
