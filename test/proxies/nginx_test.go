package proxies

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// patience is how long nginx may take to start or to stop on a busy machine.
const patience = 20 * time.Second

// startNginx runs the example with its addresses replaced, until the test ends, and answers where it listens. Usher and the API
// are host:port.
func startNginx(t *testing.T, usher, api string) string {
	t.Helper()
	dir := t.TempDir()
	front, err := harness.FreeAddr()
	must(t, err)
	config, err := os.ReadFile(filepath.Join(examples, "nginx", "nginx.conf"))
	must(t, err)
	text := string(config)
	for placeholder, ours := range map[string]string{
		"/run/usher-nginx/": dir + "/", "server usher-gateway:8081;": "server " + usher + ";",
		"server video-api:8080;": "server " + api + ";", "listen 8000;": "listen " + front + ";",
	} {
		if !strings.Contains(text, placeholder) {
			t.Fatalf("the example has no %q to replace", placeholder)
		}
		text = strings.ReplaceAll(text, placeholder, ours)
	}
	file := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	log, err := os.Create(filepath.Join(dir, "log"))
	must(t, err)
	defer func() { _ = log.Close() }() // nginx has its own copy
	cmd := exec.Command("nginx", "-p", dir, "-c", file, "-e", "stderr", "-g", directives(t))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run the tests through scripts/with-deps.sh (make test does)", err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	t.Cleanup(func() { stop(t, cmd.Process, done) })
	if err := listens(front, done); err != nil {
		printed, _ := os.ReadFile(log.Name())
		t.Fatalf("%v:\n%s", err, printed)
	}
	return "http://" + front
}

// directives keep nginx in the foreground. As root it would give its workers to somebody whom the test's folder is closed to.
func directives(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return "daemon off;"
	}
	me, err := user.Current()
	must(t, err)
	group, err := user.LookupGroupId(me.Gid)
	must(t, err)
	return "daemon off; user " + me.Username + " " + group.Name + ";"
}

// listens waits until somebody answers at an address.
func listens(addr string, done <-chan struct{}) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-done:
			return errors.New("nginx ended before it listened")
		case <-time.After(10 * time.Millisecond):
		}
		if conn, err := net.Dial("tcp", addr); err == nil {
			return conn.Close()
		}
	}
	return fmt.Errorf("nginx does not listen after %s", patience)
}

func stop(t *testing.T, p *os.Process, done <-chan struct{}) {
	t.Helper()
	_ = p.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-done:
	case <-time.After(patience):
		t.Errorf("nginx did not stop within %s", patience)
		_ = p.Kill()
	}
}
