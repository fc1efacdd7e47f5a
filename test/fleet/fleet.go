// Package fleet starts the deployments that the tests of a package share, because starting them
// takes seconds: the all-in-one, with the race detector in it, and separate processes with mutual TLS on
// PostgreSQL and Redis, without it.
package fleet

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

const (
	// Failures is the setting `authz.source_attempts` of both shapes: more than all tests of a
	// package fail from one address.
	Failures = 400
	// Registrations is how many registrations of a source address they accept in an hour.
	Registrations = 20
	// parallel tests have deployments of their own and mostly wait: for lifetimes, outages and
	// restarts.
	parallel = "4"
)

// Fleet is what the tests of a package share.
type Fleet struct {
	// Bins are built without the race detector.
	Bins harness.Binaries
	// Shapes are the all-in-one and the separate processes; none in a package whose tests start their own.
	Shapes []*harness.Deployment
}

// Run is a package's TestMain: it starts both shapes, gives them to the tests, and returns the exit
// code. A secret in a log or a trace fails it.
func Run(m *testing.M, use func(*Fleet)) int { return RunWith(m, nil, use) }

// RunWith is Run with more settings of both shapes.
func RunWith(m *testing.M, settings map[string]string, use func(*Fleet)) int {
	return run(m, use, func(dir string, bins harness.Binaries) ([]*harness.Deployment, error) {
		return start(dir, bins, settings)
	})
}

// RunWithoutShapes is Run for a package whose tests start their own deployments.
func RunWithoutShapes(m *testing.M, use func(*Fleet)) int {
	return run(m, use, func(string, harness.Binaries) ([]*harness.Deployment, error) { return nil, nil })
}

// starter starts deployments. It returns those that it started with an error too.
type starter func(dir string, bins harness.Binaries) ([]*harness.Deployment, error)

func run(m *testing.M, use func(*Fleet), shapes starter) int {
	f, dir, err := prepare(shapes)
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		use(f)
		code = m.Run()
	}
	for _, d := range f.Shapes {
		if err := d.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// prepare returns the folder of the deployments and, also with an error, the ones that it started.
func prepare(shapes starter) (*Fleet, string, error) {
	flag.Parse()
	if err := flag.Set("test.parallel", parallel); err != nil {
		return &Fleet{}, "", err
	}
	dir, err := os.MkdirTemp("", "usher-fleet-")
	if err != nil {
		return &Fleet{}, "", err
	}
	bins, err := harness.Build(mkdir(dir, "bin"))
	if err != nil {
		return &Fleet{}, dir, err
	}
	started, err := shapes(dir, bins)
	return &Fleet{Bins: bins, Shapes: started}, dir, err
}

// start is the starter of both shapes. Every request is traced, so that Close searches the traces for secrets
// too.
func start(dir string, bins harness.Binaries, more map[string]string) ([]*harness.Deployment, error) {
	settings, one, err := settingsOf(mkdir(dir, "one"), more)
	if err != nil {
		return nil, err
	}
	raced, err := harness.BuildRaced(mkdir(dir, "raced"))
	if err != nil {
		return nil, err
	}
	allInOne, err := harness.AllInOne(raced, mkdir(dir, "one"), settings)
	if err != nil {
		return nil, err
	}
	allInOne.Traces = one
	started := []*harness.Deployment{allInOne}
	servers, err := harness.NewServers(context.Background())
	if err != nil {
		return started, err
	}
	settings, traces, err := settingsOf(mkdir(dir, "processes"), more)
	if err != nil {
		return started, err
	}
	settings["USHER_DCR"], settings["USHER_OPENID"] = "open", "true" // as in the all-in-one
	settings["USHER_UPSTREAM_URL"] = harness.NewUpstream().URL       // the all-in-one has its example API
	processes, err := harness.Processes(bins, mkdir(dir, "processes"), servers, settings)
	if err != nil {
		return started, err
	}
	processes.Traces, processes.Own = traces, servers
	return append(started, processes), nil
}

// settingsOf returns a shape's settings and the collector of its traces.
func settingsOf(dir string, more map[string]string) (map[string]string, *harness.Collector, error) {
	// The gateway trusts X-Forwarded-For, so that a test that exhausts a rate limit can have a
	// source address of its own.
	settings := map[string]string{
		"USHER_GATEWAY_TRUSTED_PROXIES": "127.0.0.1", "USHER_AUTHZ_SOURCE_ATTEMPTS": strconv.Itoa(Failures),
		// Tests exhaust the limit of a source several times, where its window ends meanwhile, in the name of one client.
		"USHER_AUTHZ_CLIENT_ATTEMPTS":  strconv.Itoa(10 * Failures),
		"USHER_AUTHZ_DCR_SOURCE_LIMIT": strconv.Itoa(Registrations), "USHER_AUTHZ_DCR_USERS": "1",
		"USHER_AUTHZ_DCR_UPDATE_LIMIT": "1000", // one client tries every refused metadata
		"USHER_CLIENT_DOCUMENTS_MODE":  "open",
	}
	traces, err := harness.NewCollector(dir)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(settings, traces.Environ())
	maps.Copy(settings, more)
	return harness.WithLongTimeouts(settings), traces, nil
}

func mkdir(parts ...string) string {
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		panic(err) // it is a temporary folder of our own
	}
	return dir
}

// AllInOne returns the shared all-in-one.
func (f *Fleet) AllInOne() *harness.Deployment { return f.Shapes[0] }

// Processes returns the shared shape in which every service is a process of its own.
func (f *Fleet) Processes() *harness.Deployment { return f.Shapes[1] }

// Each runs a test against both shapes at once: a test mostly waits for its responses.
func (f *Fleet) Each(t *testing.T, test func(t *testing.T, d *harness.Deployment)) {
	t.Helper()
	On(t, f.Shapes, test)
}

// On runs a test against several deployments at once, and returns when all have ended.
func On(t *testing.T, shapes []*harness.Deployment, test func(t *testing.T, d *harness.Deployment)) {
	t.Helper()
	t.Run("on", func(t *testing.T) {
		for _, d := range shapes {
			t.Run(d.Name, func(t *testing.T) {
				t.Parallel()
				test(t, d)
			})
		}
	})
}

// OwnAllInOne starts an all-in-one of the test's own, with settings beside the default ones.
func (f *Fleet) OwnAllInOne(t *testing.T, extra map[string]string) *harness.Deployment {
	t.Helper()
	d, err := harness.AllInOne(f.Bins, t.TempDir(), harness.WithLongTimeouts(extra))
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, d.Close()) })
	return d
}

// OwnProcesses starts separate processes on PostgreSQL and Redis servers of the test's own.
func (f *Fleet) OwnProcesses(t *testing.T, extra map[string]string) (*harness.Deployment, *harness.OwnServers) {
	t.Helper()
	dir := t.TempDir()
	servers, err := harness.StartOwnServers(t.Context(), dir)
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, servers.Close()) })
	d, err := harness.Processes(f.Bins, dir, servers.Servers, harness.WithLongTimeouts(extra))
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, d.Close()) })
	return d, servers
}
