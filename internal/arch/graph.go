package arch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// Package is a package with the data that the rules need. Imports of its tests are left out: a test
// may import anything.
type Package struct {
	ImportPath string
	Dir        string
	// Imports are the direct imports of its production files, and Deps the transitive ones.
	Imports []string
	Deps    []string
	// Error is set when the go command could not read the package.
	Error *struct{ Err string }
}

// Load lists every package of the workspace whose root directory is root.
func Load(ctx context.Context, root string) ([]Package, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-json=ImportPath,Dir,Imports,Deps,Error", "./...", "./gen/...", "./sdk/...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing packages: %w: %s", err, stderr.String())
	}
	return decode(bytes.NewReader(out))
}

func decode(r io.Reader) ([]Package, error) {
	var pkgs []Package
	for dec := json.NewDecoder(r); ; {
		var pkg Package
		err := dec.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			return pkgs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the list of packages: %w", err)
		}
		pkgs = append(pkgs, pkg)
	}
}
