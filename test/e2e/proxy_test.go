package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/fleet"
	"github.com/vidocu/usher/test/harness"
)

// TestFault_E2_TwoClientsBehindNginxAreTwoSources: the failures of one are not counted against the
// other.
func TestFault_E2_TwoClientsBehindNginxAreTwoSources(t *testing.T) {
	d := shared.Processes()
	front := startNginx(t, d.PublicURL)
	from := func(source string) func() harness.Response {
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
		client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}, Timeout: time.Minute}
		return func() harness.Response {
			form := url.Values{"token": {"x"}, "client_id": {"vdo_client_abc123"}, "client_secret": {"vdo_secret_wrong"}}
			res, err := client.PostForm(front+"/oauth/introspect", form)
			expect.NoError(t, err)
			expect.NoError(t, res.Body.Close())
			return harness.Response{Status: res.StatusCode, Header: res.Header}
		}
	}
	one, other := from("127.0.0.2"), from("127.0.0.3")
	expect.RateLimit{Attempts: fleet.Failures, Window: 15 * time.Minute}.Exhaust(t, func() time.Duration {
		return expect.Wait(t, one(), http.StatusUnauthorized)
	})
	expect.Equal(t, "status for the other client", other().Status, http.StatusUnauthorized)
}

// startNginx starts nginx in front of an address until the test ends, and returns nginx's own
// address.
func startNginx(t *testing.T, origin string) string {
	t.Helper()
	dir := t.TempDir()
	front, err := harness.FreeAddr()
	expect.NoError(t, err)
	me, err := user.Current()
	expect.NoError(t, err)
	group, err := user.LookupGroupId(me.Gid)
	expect.NoError(t, err)
	config := fmt.Sprintf(`
daemon off; master_process off; user %s %s; pid %s/pid; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path %[3]s/body; proxy_temp_path %[3]s/proxy; fastcgi_temp_path %[3]s/f; uwsgi_temp_path %[3]s/u; scgi_temp_path %[3]s/s;
  server {
    listen %[4]s;
    location / {
      proxy_pass %[5]s;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}`, me.Username, group.Name, dir, front, origin)
	file := filepath.Join(dir, "nginx.conf")
	expect.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	var printed strings.Builder
	cmd := exec.Command("nginx", "-p", dir, "-c", file, "-e", "stderr")
	cmd.Stderr = &printed
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run the tests through scripts/with-deps.sh (make test does)", err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have exited already
		<-done
	})
	for {
		select {
		case <-done:
			t.Fatalf("nginx exited:\n%s", printed.String())
		case <-time.After(10 * time.Millisecond):
		}
		if conn, err := net.Dial("tcp", front); err == nil {
			expect.NoError(t, conn.Close())
			return "http://" + front
		}
	}
}
