package stores_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/internal/platform/stores"
	"github.com/vidocu/usher/test/harness"
)

// TestFault_C14_AWrongTopologyIsNamedAtTheStartAndByReadiness when Redis was away at the start.
func TestFault_C14_AWrongTopologyIsNamedAtTheStartAndByReadiness(t *testing.T) {
	h := host(t)
	defer func() { must(t, h.Wait()) }()
	h.Settings.Redis.Addrs, h.Settings.Redis.Cluster = []string{os.Getenv("USHER_TEST_REDIS_ADDR")}, true
	if _, err := stores.ShortLived(t.Context(), h); !errors.Is(err, shortlived.ErrTopology) || !strings.Contains(err.Error(), "single server") {
		t.Errorf("a single server taken for a Cluster: %v", err)
	}

	ctx, stop := context.WithCancel(t.Context())
	later := hostUntil(t, ctx)
	defer func() { stop(); must(t, later.Wait()) }()
	addr, err := harness.FreeAddr()
	must(t, err)
	later.Settings.Redis.Addrs, later.Settings.Redis.Cluster = []string{addr}, true
	_, err = stores.ShortLived(t.Context(), later)
	must(t, err)
	must(t, later.Ready(t.Context())) // down is not wrong
	_, port, err := net.SplitHostPort(addr)
	must(t, err)
	server := exec.Command(harness.RedisServer(), "--port", port, "--bind", "127.0.0.1", "--save", "")
	server.Dir = t.TempDir()
	must(t, server.Start())
	defer func() {
		_ = server.Process.Kill() // it is running
		_ = server.Wait()
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-tick.C {
		if err := later.Ready(t.Context()); errors.Is(err, shortlived.ErrTopology) {
			return
		}
	}
	t.Error("readiness does not name the wrong topology")
}
