package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/vidocu/usher/internal/platform/localsock"
)

// startDev starts `usher dev` on spare ports in the working directory, waits until it is ready, and returns a function that ends it.
func startDev(t *testing.T) (end func() error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, "dev")
	cmd.Env = append(os.Environ(), asUsher+"=1", "USHER_HTTP_ADDR=127.0.0.1:0", "USHER_ADMIN_ADDR=127.0.0.1:0", "USHER_GRPC_ADDR=127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	ready := false
	for !ready && lines.Scan() {
		ready = strings.Contains(lines.Text(), "is ready")
	}
	if !ready {
		t.Fatalf("it did not get ready: %v", cmd.Wait())
	}
	return func() error {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		for lines.Scan() { // the rest of the banner
		}
		return cmd.Wait()
	}
}

func TestDevelopmentHasSocketsForTheOperator(t *testing.T) {
	t.Chdir(t.TempDir())
	for range 2 { // the second finds what the first left
		end := startDev(t)
		for _, service := range []string{"identity", "authz", "token", "consent"} {
			socket := filepath.Join("data", "operator", service+".sock")
			for path, want := range map[string]os.FileMode{"data": 0o700, filepath.Dir(socket): 0o700, socket: 0o600} {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
					t.Errorf("%s is %v, %v, want mode %o", path, info, err, want)
				}
			}
			conn, err := localsock.Dial("data", service)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
				t.Errorf("%s does not respond at its socket: %v", service, err)
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := end(); err != nil {
			t.Errorf("it ends with %v", err)
		}
		if left, err := filepath.Glob("data/operator/*"); err != nil || len(left) > 0 {
			t.Errorf("it left %v, %v", left, err)
		}
	}
}
