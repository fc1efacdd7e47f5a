package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestN6_AnUnmodifiedClientAuthenticatesWithAKey runs the two examples of docs/clients.md: one
// generates a key pair, which is registered as the page says, and the other authenticates with it at
// the three endpoints.
func TestN6_AnUnmodifiedClientAuthenticatesWithAKey(t *testing.T) {
	install(t)
	dir, page := t.TempDir(), blocks(t, "clients.md")
	run := func(name string) *exec.Cmd {
		program := exec.CommandContext(t.Context(), absolute(t, "bin/clients/node-bin"), nodeFile(t, name, page["js "+name]))
		program.Dir = dir
		return program
	}
	if out, err := run("private_key_jwt-keys").CombinedOutput(); err != nil {
		t.Fatalf("generating keys: %v\n%s", err, out)
	}
	const id = "vdo_client_with_key"
	_, err := usher.Operate(t.Context(), usher.bins, "clients", "create", "Example", "--id", id, "--jwks", filepath.Join(dir, "keys.json"),
		"--redirect-uri", harness.CallbackURI, "--scope", "videos:read,jobs:read")
	if err != nil {
		t.Fatal(err)
	}
	app := run("private_key_jwt")
	app.Env = append(os.Environ(), "ISSUER="+usher.PublicURL, "CLIENT_ID="+id, "REDIRECT_URI="+harness.CallbackURI)
	if got := authorizeWith(t, app); got != "videos:read jobs:read" {
		t.Errorf("the program prints %q", got)
	}
}
