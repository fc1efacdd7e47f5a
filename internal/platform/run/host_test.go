package run_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/test/harness"
)

// log collects a process's log.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func settings(t *testing.T) *run.Settings {
	t.Helper()
	s := run.Default()
	s.Development, s.PublicURL, s.AdminAddr = true, "http://localhost", freeAddr(t)
	return &s
}

func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := harness.FreeAddr()
	must(t, err)
	return addr
}

// patience is a deadline that only a hang reaches.
const patience = time.Minute

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// host returns a process and the function that ends it.
func host(t *testing.T, s *run.Settings) (*run.Host, context.CancelFunc) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	h, err := run.NewHost(ctx, "token", s, &log{})
	must(t, err)
	return h, stop
}

// get returns status and body over a connection of its own; status 0 without a response.
func get(url string) (status int, body string) {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	res, err := c.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, strings.TrimSpace(string(b))
}

// becomes waits until an address responds with a status.
func becomes(t *testing.T, url string, want int) string {
	t.Helper()
	var status int
	var body string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if status, body = get(url); status == want {
			return body
		}
	}
	t.Fatalf("%s returns %d %s, want %d", url, status, body, want)
	return ""
}

// end waits for the process's end.
func end(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("the process does not end")
		return nil
	}
}

func wait(h *run.Host) <-chan error {
	done := make(chan error, 1)
	go func() { done <- h.Wait() }()
	return done
}

func untilTheEnd(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestWhatWasOpenedIsClosedLastFirstAfterTheTasks(t *testing.T) {
	h, stop := host(t, settings(t))
	var order []string
	broken := errors.New("flushing failed")
	for _, name := range []string{"database", "cache", "listener"} {
		h.Closing(func() error {
			order = append(order, name)
			if name == "cache" {
				return broken
			}
			return nil
		})
	}
	h.Go(func(ctx context.Context) error {
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond)
		order = append(order, "task")
		return ctx.Err()
	})
	done := wait(h)
	stop()
	if err := end(t, done); !errors.Is(err, broken) {
		t.Errorf("the process ends with %v, want the closer's error", err)
	}
	if want := []string{"task", "listener", "cache", "database"}; !slices.Equal(order, want) {
		t.Errorf("the order is %v, want %v", order, want)
	}
}

func TestAnEndThatWasAskedForIsNoFailure(t *testing.T) {
	h, stop := host(t, settings(t))
	h.Go(untilTheEnd)
	done := wait(h)
	stop()
	if err := end(t, done); err != nil {
		t.Errorf("the process ends with %v", err)
	}
}

func TestAFailingTaskEndsTheProcessWithItsError(t *testing.T) {
	h, _ := host(t, settings(t))
	broken := errors.New("the port is gone")
	h.Go(untilTheEnd)
	h.Go(func(context.Context) error { return broken })
	if err := end(t, wait(h)); !errors.Is(err, broken) {
		t.Errorf("the process ends with %v", err)
	}
}

func TestAStartThatFailedEndsWithItsCauseAndClosesWhatItOpened(t *testing.T) {
	h, _ := host(t, settings(t))
	closed := false
	h.Closing(func() error { closed = true; return errors.New("said less") })
	h.Go(untilTheEnd)
	cause := errors.New("peers.authz is not set")
	if err := h.Abandon(cause); !errors.Is(err, cause) || err.Error() != cause.Error() || !closed {
		t.Errorf("Abandon returns %v, closed: %t", err, closed)
	}
}

// endsConnection reports whether the server closes a keep-alive connection.
func endsConnection(t *testing.T, url string) bool {
	t.Helper()
	c := http.Client{Transport: &http.Transport{}, Timeout: patience}
	defer c.CloseIdleConnections()
	res, err := c.Get(url)
	must(t, err)
	defer res.Body.Close()
	return res.Close
}

func TestWhileItDrainsItServesAndSaysThatItIsNotReady(t *testing.T) {
	s := settings(t)
	s.DrainTime = 700 * time.Millisecond
	h, stop := host(t, s)
	lis, err := h.Listen("http_addr", "127.0.0.1:0")
	must(t, err)
	h.ServeHTTP(lis, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") }), 0)
	must(t, h.ServeAdmin())
	public, admin := "http://"+lis.Addr().String(), "http://"+s.AdminAddr
	release := make(chan struct{})
	h.Go(func(ctx context.Context) error { // a task that takes a while
		<-ctx.Done()
		<-release
		return nil
	})
	done := wait(h)
	if body := becomes(t, admin+"/readyz", http.StatusOK); body != "ready" {
		t.Errorf("/readyz says %q", body)
	}

	if endsConnection(t, public) {
		t.Error("a response closes its connection although the process is not stopping")
	}
	begun := time.Now()
	stop()
	if body := becomes(t, admin+"/readyz", http.StatusServiceUnavailable); body != "stopping" {
		t.Errorf("/readyz says %q", body)
	}
	if !endsConnection(t, public) {
		t.Error("a client with a keep-alive connection is not told to reconnect")
	}
	if status, body := get(public); body != "served" {
		t.Errorf("a request during the drain returns %d %s", status, body)
	}
	becomes(t, public, 0)
	if took := time.Since(begun); took < s.DrainTime {
		t.Errorf("requests were served for %s, want %s", took, s.DrainTime)
	}

	// The rest of the process still works, and the probes report it as stopping.
	if status, body := get(admin + "/readyz"); status != http.StatusServiceUnavailable || body != "stopping" {
		t.Errorf("until the end, /readyz says %d %q", status, body)
	}
	if status, body := get(admin + "/healthz"); status != http.StatusOK {
		t.Errorf("until the end, /healthz says %d %q", status, body)
	}
	close(release)
	if err := end(t, done); err != nil {
		t.Errorf("the process ends with %v", err)
	}
	if status, _ := get(admin + "/healthz"); status != 0 {
		t.Errorf("after the end, /healthz returns %d", status)
	}
}

func TestAFailureDoesNotWaitForTheDrain(t *testing.T) {
	s := settings(t)
	s.DrainTime = time.Minute
	h, stop := host(t, s)
	fail := make(chan struct{})
	broken := errors.New("the store is gone")
	h.Go(func(context.Context) error { <-fail; return broken })
	done := wait(h)
	stop()
	close(fail)
	if err := end(t, done); !errors.Is(err, broken) {
		t.Errorf("the process ends with %v", err)
	}
}

func TestReadyIsWhatEveryCheckSays(t *testing.T) {
	s, out := settings(t), &log{}
	s.Development = false
	ctx, stop := context.WithCancel(context.Background())
	h, err := run.NewHost(ctx, "token", s, out)
	must(t, err)
	var mu sync.Mutex
	var down error
	h.Checking(func(context.Context) error { return nil })
	h.Checking(func(context.Context) error { mu.Lock(); defer mu.Unlock(); return down })
	must(t, h.ServeAdmin())
	h.Go(untilTheEnd)
	done := wait(h)
	admin := "http://" + s.AdminAddr
	becomes(t, admin+"/readyz", http.StatusOK)
	mu.Lock()
	down = errors.New("database at 10.0.0.7 is unreachable")
	mu.Unlock()
	status, body := get(admin + "/readyz")
	if status != http.StatusServiceUnavailable || strings.Contains(body, "10.0.0.7") {
		t.Errorf("/readyz says %d %q, want 503 and no inner text", status, body)
	}
	if !strings.Contains(out.String(), "10.0.0.7") {
		t.Errorf("the log does not say why: %s", out)
	}
	if status, _ := get(admin + "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz returns %d although the process lives", status)
	}
	if status, body := get(admin + "/metrics"); status != http.StatusOK || !strings.Contains(body, "go_goroutines") || !strings.Contains(body, "\nusher_ready 0") {
		t.Errorf("/metrics returns %d", status)
	}
	if status, _ := get(admin + "/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("profiles are shown in production: %d", status)
	}
	stop()
	must(t, end(t, done))
}

func TestProfilesAreShownInProductionWhereTheyAreAskedFor(t *testing.T) {
	s := settings(t)
	s.Development, s.Telemetry.Profiles = false, true
	h, stop := host(t, s)
	must(t, h.ServeAdmin())
	h.Go(untilTheEnd)
	done := wait(h)
	admin := "http://" + s.AdminAddr
	becomes(t, admin+"/readyz", http.StatusOK)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/goroutine?debug=1"} {
		if status, _ := get(admin + path); status != http.StatusOK {
			t.Errorf("%s returns %d", path, status)
		}
	}
	stop()
	must(t, end(t, done))
}

func TestAPortOrAPeerThatCannotBeUsedIsNamed(t *testing.T) {
	s := settings(t)
	h, _ := host(t, s)
	taken, err := h.Listen("http_addr", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	if _, err := h.Listen("http_addr", taken.Addr().String()); err == nil || !strings.Contains(err.Error(), "http_addr") {
		t.Errorf("a taken port: %v", err)
	}
	s.AdminAddr = taken.Addr().String()
	if err := h.ServeAdmin(); err == nil || !strings.Contains(err.Error(), "admin_addr") {
		t.Errorf("a taken admin port: %v", err)
	}
	if _, err := h.Dial("authz"); err == nil || !strings.Contains(err.Error(), "peers.authz") {
		t.Errorf("a peer without an address: %v", err)
	}
	s.Peers.Authz = "authz.test:9090"
	if _, err := h.Dial("authz"); err == nil || !strings.Contains(err.Error(), "tls.cert_file") {
		t.Errorf("a process without a certificate: %v", err)
	}
	must(t, h.Wait())
}

// TestRFC9112_9_6_ALeavingProcessClosesKeptConnections: a client with a keep-alive connection is
// notified in time to open a new one.
func TestRFC9112_9_6_ALeavingProcessClosesKeptConnections(t *testing.T) {
	s := settings(t)
	s.DrainTime = time.Minute
	h, stop := host(t, s)
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	h.ServeHTTP(lis, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), 0)
	must(t, h.ServeAdmin())
	ask := func() bool {
		res, err := http.Post("http://"+lis.Addr().String(), "text/plain", nil)
		must(t, err)
		must(t, res.Body.Close())
		return res.Close
	}
	if ask() {
		t.Fatal("a connection is closed while the process is not stopping")
	}
	stop()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if status, _ := get("http://" + s.AdminAddr + "/readyz"); status == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the process stays ready")
		}
	}
	if !ask() {
		t.Error("a stopping process responds without Connection: close")
	}
	must(t, h.Abandon(nil))
}
