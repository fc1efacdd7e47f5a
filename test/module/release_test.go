package module_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFault_D1_AReleaseTagsTheThreeModules runs scripts/release.sh in a repository with the files
// that the script reads.
func TestFault_D1_AReleaseTagsTheThreeModules(t *testing.T) {
	version := requiredVersion(t, filepath.Join(root, "sdk", "go.mod"), genPath)
	repo := t.TempDir()
	for _, file := range []string{"go.mod", "sdk/go.mod", "scripts/release.sh"} {
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(repo, filepath.Dir(file)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(repo, file), content)
	}
	write(t, filepath.Join(repo, "CHANGELOG.md"), []byte("## [Unreleased]\n"))
	git(t, repo, "init", "-q")
	git(t, repo, "add", ".")
	git(t, repo, "commit", "-q", "-m", "all")

	if out, err := release(t, repo, version); err == nil || !strings.Contains(out, "CHANGELOG.md has no section") {
		t.Errorf("without a section in CHANGELOG.md the release exits with %v: %s", err, out)
	}
	write(t, filepath.Join(repo, "CHANGELOG.md"), []byte("## ["+version[1:]+"] - 2026-12-01\n"))
	if out, err := release(t, repo, version); err == nil || !strings.Contains(out, "the work tree has changes") {
		t.Errorf("with an uncommitted change the release exits with %v: %s", err, out)
	}
	git(t, repo, "commit", "-q", "-a", "-m", "release")
	if out, err := release(t, repo, "v99.0.0"); err == nil {
		t.Errorf("a version that no go.mod requires is released: %s", out)
	}
	if out, err := release(t, repo, version); err != nil {
		t.Fatalf("releasing: %v: %s", err, out)
	}
	want := "gen/" + version + "\nsdk/" + version + "\n" + version + "\n"
	if got := git(t, repo, "tag"); got != want {
		t.Errorf("the tags are %q, want %q", got, want)
	}
}

func release(t *testing.T, repo, version string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", filepath.Join(repo, "scripts", "release.sh"), version)
	cmd.Env = identity()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func git(t *testing.T, repo string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", repo}, args...)...)
	cmd.Env = identity()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// identity returns the environment of a git without a configuration.
func identity() []string {
	return append(os.Environ(),
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com")
}
