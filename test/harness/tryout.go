package harness

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
)

// Try runs the named process with other settings and returns its output and exit error. It is for
// settings that the process refuses: a process that starts runs until the context is done.
func (d *Deployment) Try(ctx context.Context, name string, settings map[string]string, args ...string) (string, error) {
	for _, s := range d.specs {
		if s.name == name {
			env := maps.Clone(s.env)
			maps.Copy(env, settings)
			cmd := exec.CommandContext(ctx, s.bin, args...)
			cmd.Env, cmd.Dir = environ(env), filepath.Clean(d.dir)
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
	}
	return "", fmt.Errorf("no process named %s", name)
}
