package operations

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// pages are the pages whose commands are run, each in a deployment of its own.
func pages() []string {
	return []string{
		"../../docs/operations.md", "../../docs/cli.md", "../../docs/api-keys.md", "../../docs/service-clients.md", "../../docs/registration.md",
		"../../docs/dpop.md", "../../docs/activity.md",
	}
}

// limit is the timeout of one block on a busy machine.
const limit = 10 * time.Minute

// TestEveryCommandOfThePageRuns follows docs/operations.md from top to bottom.
func TestEveryCommandOfThePageRuns(t *testing.T) { follow(t, pages()[0]) }

// TestFault_C10_EveryExampleOfTheCommandLineRuns follows docs/cli.md from top to bottom.
func TestFault_C10_EveryExampleOfTheCommandLineRuns(t *testing.T) { follow(t, pages()[1]) }

// TestEveryCommandOfTheKeysPageRuns follows docs/api-keys.md.
func TestEveryCommandOfTheKeysPageRuns(t *testing.T) { follow(t, pages()[2]) }

// TestN8_EveryCommandOfTheServicesPageRuns follows docs/service-clients.md.
func TestN8_EveryCommandOfTheServicesPageRuns(t *testing.T) { follow(t, pages()[3]) }

// TestN7_EveryCommandOfTheRegistrationPageRuns follows docs/registration.md.
func TestN7_EveryCommandOfTheRegistrationPageRuns(t *testing.T) { follow(t, pages()[4]) }

// TestN13_EveryCommandOfTheDPoPPageRuns follows docs/dpop.md.
func TestN13_EveryCommandOfTheDPoPPageRuns(t *testing.T) { follow(t, pages()[5]) }

// TestEveryCommandOfTheActivityPageRuns follows docs/activity.md.
func TestEveryCommandOfTheActivityPageRuns(t *testing.T) { follow(t, pages()[6]) }

func follow(t *testing.T, page string) {
	t.Helper()
	blocks, err := readBlocks(page)
	expect.NoError(t, err)
	site := newSite(t)
	ran := 0
	for _, b := range blocks {
		if !b.run {
			continue
		}
		ran++
		if out, err := site.run(t.Context(), b.text); err != nil {
			t.Fatalf("%s:%d (%s): %v\n%s\n%s", page, b.line, b.heading, err, b.text, out)
		}
		t.Logf("line %d (%s) ran", b.line, b.heading)
	}
	if ran == 0 {
		t.Error("the page has no command to run")
	}
	site.wantServing(t)
}

// TestPagesNameExistingTests: a page that names a test names an existing one.
func TestPagesNameExistingTests(t *testing.T) {
	for _, page := range pages() {
		wantTests(t, page)
	}
}

func wantTests(t *testing.T, page string) {
	t.Helper()
	blocks, err := readBlocks(page)
	expect.NoError(t, err)
	for _, b := range blocks {
		if b.by == "" {
			continue
		}
		out, err := exec.CommandContext(t.Context(), "grep", "-rlE", "--include=*_test.go", `^func `+b.by+`\(`, "../..").Output()
		if err != nil || len(out) == 0 {
			t.Errorf("%s:%d: there is no test %s", page, b.line, b.by)
		}
	}
}

// site is a deployment and a folder to run commands in.
type site struct {
	d     *harness.Deployment
	dir   string
	env   []string
	token string
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "usher-operations-") // below the system's temporary folder, which PostgreSQL's user may read
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, os.RemoveAll(dir)) })
	bin := filepath.Join(dir, "bin")
	expect.NoError(t, os.Mkdir(bin, 0o700))
	bins, err := harness.Build(bin)
	expect.NoError(t, err)
	servers, err := harness.StartOwnServers(t.Context(), dir)
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, servers.Close()) })
	roles, err := separateRoles(t.Context(), servers)
	expect.NoError(t, err)
	d, err := harness.Processes(bins, dir, servers.Servers, harness.WithLongTimeouts(map[string]string{"USHER_DCR": "open"}))
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, d.Close()) })
	s := &site{d: d, dir: filepath.Join(dir, "work")}
	expect.NoError(t, s.useRoles(roles))
	expect.NoError(t, os.Mkdir(s.dir, 0o700))
	expect.NoError(t, os.WriteFile(filepath.Join(bin, "systemctl"), []byte(systemctl), 0o700))
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
	s.token = tokens.Access
	s.env, err = s.environment(bin, bins, servers)
	expect.NoError(t, err)
	control := httptest.NewServer(s)
	t.Cleanup(control.Close)
	s.env = append(s.env, "STAND_IN="+control.URL)
	return s
}

// systemctl stands in for systemd's: it makes the test stop and start processes.
const systemctl = `#!/bin/sh
verb=$1; shift
for unit; do curl -fsS -X POST "$STAND_IN/$verb/${unit#usher-}" || exit 1; done
`

// environment returns an operator's environment: the deployment's settings and the operator's
// certificate.
func (s *site) environment(bin string, bins harness.Binaries, servers *harness.OwnServers) ([]string, error) {
	operator, err := s.d.OperatorEnv()
	if err != nil {
		return nil, err
	}
	env := append(os.Environ(), "PATH="+strings.Join([]string{bin, filepath.Dir(bins.Path("usher")), os.Getenv("USHER_TEST_PG_BIN"), os.Getenv("PATH")}, ":"))
	for service, url := range servers.Databases { // the owner's, who backs up and migrates
		operator["USHER_"+strings.ToUpper(service)+"_DATABASE_URL"] = url
	}
	for k, v := range operator {
		env = append(env, k+"="+v)
	}
	catalog, err := filepath.Abs("../../internal/platform/catalog/default.yaml")
	if err != nil {
		return nil, err
	}
	return append(env, "POSTGRES_URL="+servers.URL(), "GATEWAY="+s.d.PublicURL, "GATEWAY_ADMIN="+s.d.AdminURL, "CATALOG="+catalog,
		"TOKEN_ADMIN="+s.d.AdminURLs()["token"], "ACCESS_TOKEN="+s.token), nil
}

// run runs commands in a shell that stops at the first failure.
func (s *site) run(ctx context.Context, text string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", text)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// ServeHTTP serves the stand-in's requests: POST /stop/token.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, verb, _ := strings.Cut(r.URL.Path, "/")
	verb, name, _ := strings.Cut(verb, "/")
	if err := s.control(verb, name); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (s *site) control(verb, name string) error {
	switch verb {
	case "stop":
		_, err := s.d.StopOne(name)
		return err
	case "start":
		if s.d.Pids()[name] != 0 {
			return nil // as systemd does: it is running already
		}
		return s.d.StartOne(name)
	case "restart":
		return errors.Join(s.control("stop", name), s.control("start", name))
	}
	return fmt.Errorf("the stand-in does not support the verb %s", verb)
}

// wantServing checks that the deployment works after all commands of the page.
func (s *site) wantServing(t *testing.T) {
	t.Helper()
	tokens, err := s.d.Issue(s.d.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
	active, err := s.d.Active(tokens.Access)
	expect.NoError(t, err)
	if !active {
		t.Error("a token that was issued after all commands is not active")
	}
}
