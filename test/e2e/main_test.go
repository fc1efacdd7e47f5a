// Package e2e tests Usher from the outside: every test runs against the all-in-one and against five
// processes with mutual TLS on PostgreSQL and Redis, through HTTP and gRPC only.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// fleet is the binaries and deployments that the tests of this package share, because starting them
// takes seconds.
type fleet struct {
	// bins are built with the race detector.
	bins   harness.Binaries
	shapes []*harness.Deployment
}

var shared fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) {
	flag.Parse()
	// The parallel tests have deployments of their own and mostly wait: for lifetimes, outages and
	// restarts.
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if shared, err = startFleet(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	for _, d := range shared.shapes {
		if err := d.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

func startFleet(dir string) (fleet, error) {
	bins, err := harness.Build(mkdir(dir, "bin"), true)
	if err != nil {
		return fleet{}, err
	}
	shapes, err := startShapes(bins, dir)
	return fleet{bins: bins, shapes: shapes}, err
}

// startShapes starts both shapes. Every request is traced, so that Close searches the traces for
// secrets too.
func startShapes(bins harness.Binaries, dir string) ([]*harness.Deployment, error) {
	settings, one, err := settingsOf(mkdir(dir, "one"))
	if err != nil {
		return nil, err
	}
	allInOne, err := harness.AllInOne(bins, mkdir(dir, "one"), settings)
	if err != nil {
		return nil, err
	}
	allInOne.Traces = one
	servers, err := harness.NewServers(context.Background())
	if err != nil {
		return nil, err
	}
	settings, fiveTraces, err := settingsOf(mkdir(dir, "five"))
	if err != nil {
		return nil, err
	}
	settings["USHER_DCR"], settings["USHER_OPENID"] = "open", "true" // as in the all-in-one
	settings["USHER_UPSTREAM_URL"] = harness.NewUpstream().URL       // the all-in-one has its example API
	processes, err := harness.FiveProcesses(bins, mkdir(dir, "five"), servers, settings)
	if err != nil {
		return nil, err
	}
	processes.Traces = fiveTraces
	return []*harness.Deployment{allInOne, processes}, nil
}

// settingsOf returns a shape's settings and the collector of its traces.
func settingsOf(dir string) (map[string]string, *harness.Collector, error) {
	// The gateway trusts X-Forwarded-For, so that a test that exhausts a rate limit can have a
	// source address of its own.
	settings := map[string]string{
		"USHER_GATEWAY_TRUSTED_PROXIES": "127.0.0.1", "USHER_AUTHZ_SOURCE_ATTEMPTS": strconv.Itoa(failures),
		"USHER_AUTHZ_DCR_SOURCE_LIMIT": strconv.Itoa(registrations), "USHER_AUTHZ_DCR_USERS": "1",
		"USHER_CLIENT_DOCUMENTS_MODE": "open",
	}
	traces, err := harness.NewCollector(dir)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(settings, traces.Environ())
	return harness.WithLongTimeouts(settings), traces, nil
}

func mkdir(parts ...string) string {
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		panic(err) // it is a temporary folder of our own
	}
	return dir
}

// each runs a test against every shape of the fleet, at once: a test mostly waits for its responses.
func each(t *testing.T, test func(t *testing.T, d *harness.Deployment)) {
	t.Helper()
	onShapes(t, shared.shapes, test)
}

func onShapes(t *testing.T, shapes []*harness.Deployment, test func(t *testing.T, d *harness.Deployment)) {
	t.Helper()
	t.Run("on", func(t *testing.T) { // it returns when both have ended
		for _, d := range shapes {
			t.Run(d.Name, func(t *testing.T) {
				t.Parallel()
				test(t, d)
			})
		}
	})
}
