// Package openid tests OpenID Connect from the outside, against the all-in-one and against five processes
// on PostgreSQL and Redis. Its tests have the names of the modules of the OpenID Foundation's conformance
// suite, and do what the module does.
package openid

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// fleet is what the tests share.
type fleet struct {
	bins   harness.Binaries
	shapes []*harness.Deployment
}

var shared fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-openid-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err := start(dir); err != nil {
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

func start(dir string) (err error) {
	for _, name := range []string{"one", "five"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return err
		}
	}
	if shared.bins, err = harness.Build(os.Getenv("USHER_TEST_BIN"), false); err != nil {
		return err
	}
	settings := harness.WithLongTimeouts(map[string]string{
		"USHER_TOKEN_EMAIL_VERIFIED": "true", "USHER_AUTHZ_SOURCE_ATTEMPTS": "0", // Redis counts those of other packages too
	})
	one, err := harness.AllInOne(shared.bins, filepath.Join(dir, "one"), settings)
	if err != nil {
		return err
	}
	servers, err := harness.NewServers(context.Background())
	if err != nil {
		return err
	}
	five := maps.Clone(settings)
	five["USHER_OPENID"] = "true" // as in the all-in-one
	processes, err := harness.FiveProcesses(shared.bins, filepath.Join(dir, "five"), servers, five)
	if err != nil {
		return err
	}
	shared.shapes = []*harness.Deployment{one, processes}
	return nil
}

// each runs a test against every shape.
func each(t *testing.T, test func(t *testing.T, d *harness.Deployment)) {
	t.Helper()
	for _, d := range shared.shapes {
		t.Run(d.Name, func(t *testing.T) { test(t, d) })
	}
}
