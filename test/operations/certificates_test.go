package operations

import (
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/test/expect"
)

// TestTheCommandsOfThePageIssueCertificates that the processes and a resource server accept of each other,
// and no other name's.
func TestTheCommandsOfThePageIssueCertificates(t *testing.T) {
	blocks, err := readBlocks(pages()[0])
	expect.NoError(t, err)
	dir := t.TempDir()
	for _, b := range blocks {
		if b.by != t.Name() {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-euc", b.text)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	of := func(name string) mtls.Config {
		return mtls.Config{
			CertFile: filepath.Join(dir, name+".pem"), KeyFile: filepath.Join(dir, name+".key"), CAFile: filepath.Join(dir, "authority.pem"), TrustDomain: "usher.internal",
		}
	}
	for _, name := range []string{"identity", "authz", "token", "consent", "activity"} {
		for expected, want := range map[string]bool{name: true, "gateway": false} {
			if err := handshake(t, of(name), of("video-api"), expected); (err == nil) != want {
				t.Errorf("video-api, which wants %s, connects to %s: %v", expected, name, err)
			}
		}
	}
}

// handshake connects a client to a server, each with its certificate.
func handshake(t *testing.T, server, client mtls.Config, expected string) error {
	t.Helper()
	accepts, err := mtls.Server(server)
	expect.NoError(t, err)
	connects, err := mtls.Client(client, expected)
	expect.NoError(t, err)
	near, far := net.Pipe()
	t.Cleanup(func() { _ = near.Close() })
	served := make(chan error, 1)
	go func() {
		_, _, err := accepts.ServerHandshake(far)
		_ = far.Close()
		served <- err
	}()
	_, _, err = connects.ClientHandshake(t.Context(), expected, near)
	if err != nil {
		_ = near.Close()
		return errors.Join(err, <-served)
	}
	return <-served
}
