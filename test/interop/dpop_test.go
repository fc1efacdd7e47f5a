package interop

import (
	"os"
	"os/exec"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestN13_AnUnmodifiedClientPushesAndProves runs the program of docs/dpop.md: it pushes its request,
// gets bound tokens, refreshes them and calls the API.
func TestN13_AnUnmodifiedClientPushesAndProves(t *testing.T) {
	install(t)
	const id = "vdo_client_proving"
	_, err := usher.Operate(t.Context(), usher.bins, "clients", "create", "Example", "--id", id, "--public", "--require-par", "--dpop-bound",
		"--redirect-uri", harness.CallbackURI, "--scope", "videos:read,jobs:read")
	if err != nil {
		t.Fatal(err)
	}
	app := exec.CommandContext(t.Context(), absolute(t, "bin/clients/node-bin"), nodeFile(t, "dpop", blocks(t, "dpop.md")["js dpop"]))
	app.Env = append(os.Environ(), "ISSUER="+usher.PublicURL, "CLIENT_ID="+id, "REDIRECT_URI="+harness.CallbackURI)
	if got := authorizeWith(t, app); got != "dpop 200 videos:read jobs:read" {
		t.Errorf("the program prints %q", got)
	}
}
