package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the repository's root.
const root = "../.."

// install installs the libraries that the examples import.
func install(t *testing.T) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "clients.sh")).CombinedOutput(); err != nil {
		t.Fatalf("installing the clients: %v\n%s", err, out)
	}
}

// blocks returns the fenced blocks of a page whose info string has more than a language, by the
// whole info string.
func blocks(t *testing.T, page string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for i, part := range strings.Split(string(text), "```") {
		info, code, _ := strings.Cut(part, "\n")
		if i%2 == 1 && strings.Contains(info, " ") {
			found[info] = code
		}
	}
	return found
}

// nodeFile writes an example into the folder of the packages that it imports: Node resolves them
// from the importing file.
func nodeFile(t *testing.T, name, code string) string {
	t.Helper()
	file := filepath.Join(absolute(t, "bin/clients/node"), name+".mjs")
	if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// absolute returns the absolute path of a path below the repository's root.
func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
