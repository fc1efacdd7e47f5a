// Package proxies runs the examples of deploy/proxies as they are published, with only the
// addresses replaced, in the real programs: Envoy, Traefik, Caddy, nginx and HAProxy. It checks
// each against the promises of Usher's own /v1: which requests are forwarded, with which identity,
// and the responses to the others.
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
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// root is the repository's root, and examples is the folder of the configurations.
const (
	root     = "../.."
	examples = root + "/deploy/proxies"
)

// site is what the tests share.
type site struct {
	bins       harness.Binaries
	deployment *harness.Deployment
	dir        string
	// enforcers are the enforcing examples, each in front of an API of its own, by name.
	enforcers map[string]*running
	// usherBehindFronts is another Usher, behind the fronts.
	usherBehindFronts *usherBehindFronts
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

// start builds without the race detector: the tests check configurations.
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
	if shared.bins, err = harness.Build(bin); err != nil {
		return err
	}
	servers, err := harness.NewServers(context.Background())
	if err != nil {
		return err
	}
	// Envoy, which calls the token service directly, uses two replicas.
	if shared.deployment, err = harness.Replicated(shared.bins, dir, servers, 2, harness.WithLongTimeouts(nil)); err != nil {
		return err
	}
	shared.deployment.Own = servers
	if err := shared.deployment.Authority().Issue(resourceServer); err != nil {
		return err
	}
	var fronts error
	var wg sync.WaitGroup
	wg.Go(func() { shared.usherBehindFronts, fronts = newUsherBehindFronts() })
	shared.enforcers, err = open(sharedTargets())
	wg.Wait()
	return errors.Join(err, fronts)
}

func end() error {
	var errs []error
	for _, d := range shared.enforcers {
		errs = append(errs, d.stop())
		d.api.Close()
	}
	if shared.usherBehindFronts != nil {
		errs = append(errs, shared.usherBehindFronts.close())
	}
	if shared.deployment != nil {
		errs = append(errs, shared.deployment.Close())
	}
	return errors.Join(errs...)
}

// issue runs the flow and returns an access token with these scopes.
func issue(t *testing.T, scope string) string {
	t.Helper()
	d := shared.deployment
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{Scope: scope})
	expect.NoError(t, err)
	return tokens.Access
}

// apiKey creates an API key for ws_acme.
func apiKey(t *testing.T) string {
	t.Helper()
	conn, err := shared.deployment.Dial("operator", "token")
	expect.NoError(t, err)
	defer conn.Close()
	res, err := tokenv1.NewApiKeyServiceClient(conn).CreateApiKey(t.Context(), &tokenv1.CreateApiKeyRequest{WorkspaceId: "ws_acme", Name: t.Name()})
	expect.NoError(t, err)
	shared.deployment.RecordSecret("api key", res.GetKey())
	return res.GetKey()
}
