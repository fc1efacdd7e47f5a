// Package enforcement tests from the outside that a token grants exactly its scopes at every
// enforcement surface, and that a revoked token is denied everywhere, with two replicas of every
// service on PostgreSQL and Redis.
package enforcement

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// fleet is the deployment that the tests share.
type fleet struct {
	bins       harness.Binaries
	deployment *harness.Deployment
}

var shared fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-enforcement-")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		err = start(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := shared.deployment.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// start builds without the race detector: the tests race fifty processes, not goroutines.
func start(dir string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	bins, err := harness.Build(bin)
	if err != nil {
		return err
	}
	servers, err := harness.NewServers(context.Background())
	if err != nil {
		return err
	}
	d, err := harness.Replicated(bins, dir, servers, 2, harness.WithLongTimeouts(map[string]string{"USHER_UPSTREAM_URL": harness.NewUpstream().URL}))
	if err != nil {
		return err
	}
	d.Own = servers
	shared = fleet{bins: bins, deployment: d}
	return nil
}

// eventually polls a check until it returns true, and fails the test after a minute.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !check(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// dial connects to the token service as the named caller, until the test ends.
func dial(t *testing.T, caller string) *grpc.ClientConn {
	t.Helper()
	conn, err := shared.deployment.Dial(caller, "token")
	expect.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// apiKey creates a key for a workspace.
func apiKey(t *testing.T, workspace string) *tokenv1.CreateApiKeyResponse {
	t.Helper()
	res, err := tokenv1.NewApiKeyServiceClient(dial(t, "operator")).CreateApiKey(t.Context(), &tokenv1.CreateApiKeyRequest{
		WorkspaceId: workspace, Name: t.Name(),
	})
	expect.NoError(t, err)
	shared.deployment.RecordSecret("api key", res.GetKey())
	return res
}
