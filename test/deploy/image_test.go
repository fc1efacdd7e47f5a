package deploy_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// commit is the revision that the image is built with.
const commit = "0123456789abcdef0123456789abcdef01234567"

// image builds one command's image and returns its archive and its bill of materials.
func image(t *testing.T) (archive, bill []byte) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "deploy/docker/oci.sh", "consent")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "OUT="+dir, "VERSION=v1.2.3", "COMMIT="+commit)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the image: %v\n%s", err, out)
	}
	for name, content := range map[string]*[]byte{"consent.tar": &archive, "consent.cdx.json": &bill} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		*content = text
	}
	return archive, bill
}

// entries returns the files of a tar archive, compressed or not.
func entries(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	if unpacked, err := gzip.NewReader(bytes.NewReader(archive)); err == nil {
		archive, err = io.ReadAll(unpacked)
		if err != nil {
			t.Fatal(err)
		}
	}
	all := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			return nil // not an archive
		}
		if all[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnImageIsOneFileAndTheSameBytesEachTime, without Docker or Podman, and its bill of materials
// is CycloneDX 1.6.
func TestAnImageIsOneFileAndTheSameBytesEachTime(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), "make", "-s", "-C", "../..", "bin/cyclonedx-gomod").CombinedOutput(); err != nil {
		t.Fatalf("building cyclonedx-gomod: %v\n%s", err, out)
	}
	archive, bill := image(t)
	again, billAgain := image(t)
	if !bytes.Equal(archive, again) || !bytes.Equal(bill, billAgain) {
		t.Error("the second build differs")
	}
	var user string
	var layer []string
	for _, blob := range entries(t, archive) {
		for name, content := range entries(t, blob) {
			layer = append(layer, name)
			wantRelease(t, content)
		}
		var config struct {
			Config struct{ User string }
		}
		if json.Unmarshal(blob, &config) == nil && config.Config.User != "" {
			user = config.Config.User
		}
	}
	if !slices.Equal(layer, []string{"usher-process"}) || !strings.HasPrefix(user, "65532") {
		t.Errorf("the image has the files %q and runs as %q", layer, user)
	}
	var materials struct {
		Format     string `json:"bomFormat"`
		Version    string `json:"specVersion"`
		Components []any
	}
	if err := json.Unmarshal(bill, &materials); err != nil || materials.Format != "CycloneDX" || materials.Version != "1.6" || len(materials.Components) < 10 {
		t.Errorf("the bill of materials is %s %s of %d components: %v", materials.Format, materials.Version, len(materials.Components), err)
	}
}

// wantRelease checks that the binary has its release and commit.
func wantRelease(t *testing.T, binary []byte) {
	t.Helper()
	if !bytes.Contains(binary, []byte("v1.2.3")) || !bytes.Contains(binary, []byte(commit)) {
		t.Error("the process does not have its release and commit")
	}
}
