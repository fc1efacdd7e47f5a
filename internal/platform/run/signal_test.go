package run_test

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// TestFault_C7_SIGHUPEndsNothing: it killed the process in the middle of its requests. A SIGTERM
// after it shuts the process down in order.
func TestFault_C7_SIGHUPEndsNothing(t *testing.T) {
	dir, environ := ready(t)
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Dir, cmd.Env = dir, append(environ, asToken+"="+serving, "USHER_ADMIN_ADDR=127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("it did not start: %s, %v", line, err)
	}
	must(t, cmd.Process.Signal(syscall.SIGHUP))
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestAStartThatWaitsIsAliveAndNotReady, so that no probe restarts it, and a signal ends it in order.
func TestAStartThatWaitsIsAliveAndNotReady(t *testing.T) {
	dir, environ := ready(t)
	self, err := os.Executable()
	must(t, err)
	addr, err := harness.FreeAddr()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Dir, cmd.Env = dir, append(environ, asToken+"="+waiting, "USHER_ADMIN_ADDR="+addr, "USHER_DRAIN_TIME=1s")
	must(t, cmd.Start())
	get := func(path string) (int, error) {
		r, err := http.Get("http://" + addr + path)
		if err != nil {
			return 0, err
		}
		return r.StatusCode, r.Body.Close()
	}
	for _, err := get("/healthz"); err != nil; _, err = get("/healthz") {
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable, "/metrics": http.StatusOK} {
		if got, err := get(path); got != want || err != nil {
			t.Errorf("%s is %d, %v", path, got, err)
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestFault_C8_ATakenPortNamesTheVariableToSet.
func TestFault_C8_ATakenPortNamesTheVariableToSet(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	h, _ := host(t, settings(t))
	_, err = h.Listen("grpc_addr", taken.Addr().String())
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "USHER_GRPC_ADDR") {
		t.Errorf("it says %v", err)
	}
}
