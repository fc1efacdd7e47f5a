package arch

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflow is what is read of a file of .github/workflows.
type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		RunsOn  string `yaml:"runs-on"`
		Timeout int    `yaml:"timeout-minutes"`
		Steps   []struct {
			Uses string         `yaml:"uses"`
			With map[string]any `yaml:"with"`
			Run  string         `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

// TestFault_C15_TheWorkflowsRunWhatIsThere: every step is an action at a version, or a target of the Makefile. No workflow was run: that
// takes GitHub's machines.
func TestFault_C15_TheWorkflowsRunWhatIsThere(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", ".github", "workflows", "*.yml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	for _, path := range paths {
		var w workflow
		raw, err := os.ReadFile(path)
		if err == nil {
			err = yaml.Unmarshal(raw, &w)
		}
		if err != nil || len(w.Jobs) == 0 || len(w.Permissions) == 0 {
			t.Errorf("%s: %d jobs, permissions %v, %v", path, len(w.Jobs), w.Permissions, err)
		}
		for name, job := range w.Jobs {
			if job.RunsOn == "" || job.Timeout == 0 || len(job.Steps) == 0 {
				t.Errorf("%s, %s: runs on %q for at most %d minutes, %d steps", path, name, job.RunsOn, job.Timeout, len(job.Steps))
			}
			for _, step := range job.Steps {
				switch {
				case step.Run != "":
					isCommand(t, path, step.Run)
				case !regexp.MustCompile(`^[\w-]+/[\w-]+@v\d+$`).MatchString(step.Uses):
					t.Errorf("%s, %s: %q is no action at a version", path, name, step.Uses)
				}
				if file, ok := step.With["go-version-file"].(string); ok {
					text(t, file)
				}
			}
		}
	}
}

// TestFault_C15_TheDevcontainerRunsWhatIsThere, and the settings' ports. No container was made of it.
func TestFault_C15_TheDevcontainerRunsWhatIsThere(t *testing.T) {
	var c struct {
		Image   string `json:"image"`
		Command string `json:"postCreateCommand"`
		Ports   []int  `json:"forwardPorts"`
	}
	if err := json.Unmarshal([]byte(text(t, ".devcontainer/devcontainer.json")), &c); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(c.Image, "/devcontainers/go:1-bookworm") {
		t.Errorf("the image %q is not the one with Go 1 on Debian, where what is missing is installed", c.Image)
	}
	isCommand(t, "devcontainer.json", c.Command)
	for _, port := range c.Ports {
		if port != 8080 && port != 9090 {
			t.Errorf("nothing listens at %d in usher dev", port)
		}
	}
}

// isCommand fails unless every line is `make` with targets that exist, or a script of the repository.
func isCommand(t *testing.T, where, command string) {
	t.Helper()
	makefile := "\n" + text(t, "Makefile")
	for line := range strings.Lines(command) {
		words := strings.Fields(line)
		if info, err := os.Stat(filepath.Join("..", "..", words[0])); err == nil && info.Mode()&0o111 != 0 {
			continue
		}
		if words[0] != "make" {
			t.Errorf("%s: %q is neither make nor a script of the repository", where, line)
			continue
		}
		for _, target := range words[1:] {
			if !strings.Contains(target, "=") && !strings.Contains(makefile, "\n"+target+":") {
				t.Errorf("%s: the Makefile has no target %s", where, target)
			}
		}
	}
}
