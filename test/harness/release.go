package harness

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// BuildRelease compiles the processes of a release into dir, from an archive of its sources
// (scripts/release-archive.sh).
func BuildRelease(dir, archive string) (Binaries, error) {
	source := filepath.Join(dir, "source")
	if err := unpack(archive, source); err != nil {
		return Binaries{}, fmt.Errorf("unpacking %s: %w", archive, err)
	}
	args := []string{"build", "-buildvcs=false", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)} // its dependencies are in the build cache
	for _, service := range services() {
		if service != younger {
			args = append(args, commands()[service])
		}
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(source, "go.work"), "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return Binaries{}, fmt.Errorf("building %s: %w\n%s", archive, err, out)
	}
	return Binaries{dir: dir}, nil
}

func unpack(archive, into string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read from
	text, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for files := tar.NewReader(text); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue // folders are created when a file needs them
		}
		if !filepath.IsLocal(header.Name) {
			return fmt.Errorf("%s is a path outside the archive", header.Name)
		}
		if err := write(filepath.Join(into, header.Name), files); err != nil {
			return err
		}
	}
}

func write(path string, content io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
