package interop

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// patience is the timeout for the server of an example to start on a busy machine.
const patience = 2 * time.Minute

// resourceServer returns the environment of an example that introspects tokens.
func resourceServer() []string {
	return []string{"RESOURCE_ID=" + harness.ResourceID, "RESOURCE_SECRET=" + harness.ResourcePW}
}

// register creates a confidential client with one redirect URI, and returns the environment of an
// example that is this client.
func register(t *testing.T, redirectURI string, more ...string) []string {
	t.Helper()
	printed, err := usher.Operate(t.Context(), usher.bins, append([]string{
		"clients", "create", "Example of a library", "-o", "json", "--redirect-uri", redirectURI, "--scope", "videos:read,jobs:read",
	}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	var created struct {
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal([]byte(printed), &created); err != nil {
		t.Fatal(err)
	}
	return []string{"CLIENT_ID=" + clientID(t, printed), "CLIENT_SECRET=" + created.Secret, "ISSUER=" + usher.PublicURL}
}

// clientID returns the identifier in what `usher clients create -o json` printed.
func clientID(t *testing.T, printed string) string {
	t.Helper()
	var created struct {
		Registration struct {
			Client struct {
				ID string `json:"client_id"`
			} `json:"client"`
		} `json:"registration"`
	}
	if err := json.Unmarshal([]byte(printed), &created); err != nil {
		t.Fatal(err)
	}
	return created.Registration.Client.ID
}

// freeAddr returns a free loopback address.
func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := harness.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// localhost returns the origin of an address with the name localhost: libraries allow plain http
// only there.
func localhost(addr string) string {
	_, port, _ := strings.Cut(addr, ":")
	return "http://localhost:" + port
}

// serve starts the server of an example, waits until it listens, and stops it after the test. Its
// output is logged when the test fails.
func serve(t *testing.T, app *exec.Cmd, addr string) {
	t.Helper()
	var printed strings.Builder
	app.Stdout, app.Stderr = &printed, &printed
	app.Cancel = func() error { return app.Process.Signal(syscall.SIGTERM) } // a killed Apache would leave its children
	app.WaitDelay = patience
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = app.Wait(); close(done) }()
	t.Cleanup(func() {
		<-done
		if t.Failed() {
			t.Log(printed.String())
		}
	})
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-done:
			t.Fatal("the server exited before it listened")
		case <-time.After(20 * time.Millisecond):
		}
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return
		}
	}
	t.Fatalf("the server is not listening after %s", patience)
}

// send sends a request and returns the response with its body.
func send(t *testing.T, client *http.Client, req *http.Request, err error) (*http.Response, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}
