package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFault_E11_ATargetLooksBeforeItBuilds: missing programs are reported at once, and make k8s-e2e
// checks for them first.
func TestFault_E11_ATargetLooksBeforeItBuilds(t *testing.T) {
	bin := t.TempDir() // without an apt-get that would install it
	for _, program := range []string{"bash", "env", "id"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, program)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "../../tools/kube/needs.sh", "no-such-program", "bash")
	cmd.Env = []string{"PATH=" + bin}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no-such-program") || strings.Contains(string(out), " bash") {
		t.Errorf("it ends with %v and says %q", err, out)
	}
	plan, err := exec.CommandContext(t.Context(), "make", "-C", "../..", "-n", "k8s-e2e").Output()
	if err != nil {
		t.Fatal(err)
	}
	looks, builds := strings.Index(string(plan), "needs.sh"), strings.Index(string(plan), "build")
	if looks < 0 || builds >= 0 && builds < looks {
		t.Errorf("make k8s-e2e builds before it looks:\n%.400s", plan)
	}
}
