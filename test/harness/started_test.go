package harness

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestADeploymentThatDoesNotStartLeavesNoProcessRunning(t *testing.T) {
	bins, err := Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	d, err := AllInOne(bins, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	usher := d.running["usher"]
	d.specs = append(d.specs, spec{name: "absent", bin: filepath.Join(dir, "absent")})
	if d, err := d.started(); d != nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v, %v", d, err)
	}
	select {
	case <-usher.done:
	default:
		usher.kill()
		t.Error("a process that had started before is still running")
	}
}
