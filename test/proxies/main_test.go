// Package proxies runs the worked examples of deploy/proxies as they are published, addresses alone changed, in the real programs:
// Envoy, Traefik, Caddy, nginx and HAProxy. It holds each to what Usher's own /v1 promises: which requests reach the API, in whose
// name, and what all others are answered.
package proxies

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/harness"
)

// root is the repository's, and examples is where the configurations lie.
const (
	root     = "../.."
	examples = root + "/deploy/proxies"
)

// site is what the tests share.
type site struct {
	bins       harness.Binaries
	deployment *harness.Deployment
	dir        string
	// doors are the examples, each in front of an API of its own, by name.
	doors map[string]*running
	// whole is another Usher, behind the fronts.
	whole *whole
}

var shared site //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-proxies-")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		err = start(dir)
	}
	code := 1
	if err == nil {
		code = m.Run()
	}
	if err = errors.Join(err, end()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// start builds without the race detector: what is under test is a configuration.
func start(dir string) error {
	shared.dir = dir
	fetch := exec.Command(filepath.Join(root, "scripts", "proxies.sh"))
	fetch.Stderr = os.Stderr
	if err := fetch.Run(); err != nil {
		return fmt.Errorf("fetching the proxies: %w", err)
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	var err error
	if shared.bins, err = harness.Build(bin, false); err != nil {
		return err
	}
	servers, err := harness.NewServers(context.Background())
	if err != nil {
		return err
	}
	// Two token replicas are for Envoy, which asks them itself.
	if shared.deployment, err = harness.Replicated(shared.bins, dir, servers, 2, harness.WithLongTimeouts(nil)); err != nil {
		return err
	}
	if err := shared.deployment.Authority().Issue(resourceServer); err != nil {
		return err
	}
	var fronts error
	var wg sync.WaitGroup
	wg.Go(func() { shared.whole, fronts = newWhole() })
	shared.doors, err = open(usual())
	wg.Wait()
	return errors.Join(err, fronts)
}

func end() error {
	var errs []error
	for _, d := range shared.doors {
		errs = append(errs, d.stop())
		d.api.Close()
	}
	if shared.whole != nil {
		errs = append(errs, shared.whole.close())
	}
	if shared.deployment != nil {
		errs = append(errs, shared.deployment.Close())
	}
	return errors.Join(errs...)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// issue goes through the flow and returns an access token with these scopes.
func issue(t *testing.T, scope string) string {
	t.Helper()
	d := shared.deployment
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{Scope: scope})
	must(t, err)
	return tokens.Access
}

// apiKey creates one for ws_acme.
func apiKey(t *testing.T) string {
	t.Helper()
	conn, err := shared.deployment.Dial("operator", "token")
	must(t, err)
	defer conn.Close()
	res, err := tokenv1.NewApiKeyServiceClient(conn).CreateApiKey(t.Context(), &tokenv1.CreateApiKeyRequest{WorkspaceId: "ws_acme", Name: t.Name()})
	must(t, err)
	shared.deployment.RecordSecret("api key", res.GetKey())
	return res.GetKey()
}
