package run_test

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
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
