// Command archive creates an image of one static binary and writes it as a tar file with an OCI
// image layout inside. The same binary gives the same bytes on every machine and at any time.
package main

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

type options struct{ binary, tag, platform, out string }

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "", "the static binary")
	flag.StringVar(&o.tag, "tag", "", "the image's name and tag")
	flag.StringVar(&o.platform, "platform", "linux/amd64", "platform of the image")
	flag.StringVar(&o.out, "out", "", "the file to write")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "archive: "+err.Error())
		os.Exit(1)
	}
}

func run(o options) error {
	image, err := build(o)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	platform, err := v1.ParsePlatform(o.platform)
	if err != nil {
		return err
	}
	// The two annotations in which containerd, and Podman and Docker, find the image's name.
	names := layout.WithAnnotations(map[string]string{"io.containerd.image.name": o.tag, "org.opencontainers.image.ref.name": o.tag})
	if err := path.AppendImage(image, names, layout.WithPlatform(*platform)); err != nil {
		return err
	}
	return pack(dir, o.out)
}

// build creates the image: one layer, one file, an unprivileged user, no timestamps.
func build(o options) (v1.Image, error) {
	content, err := os.ReadFile(o.binary)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	w := tar.NewWriter(&text)
	if err := w.WriteHeader(&tar.Header{Name: "usher-process", Mode: 0o755, Size: int64(len(content)), Format: tar.FormatUSTAR}); err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(text.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), layer)
	if err != nil {
		return nil, err
	}
	platform, err := v1.ParsePlatform(o.platform)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = platform.OS, platform.Architecture, platform.Variant
	config.Config.User, config.Config.Entrypoint = "65532:65532", []string{"/usher-process"}
	return mutate.ConfigFile(image, config)
}

// pack writes a folder as a tar file, ordered by name, without times and owners.
func pack(dir, out string) (err error) {
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	w := tar.NewWriter(file)
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o644, Size: int64(len(content)), Format: tar.FormatUSTAR}); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	return w.Close()
}
