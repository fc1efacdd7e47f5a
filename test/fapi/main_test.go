// Package fapi does what the modules of the OpenID Foundation's conformance suite for the FAPI 2.0
// Security Profile do, with plain OAuth, private_key_jwt and DPoP: against the all-in-one and against
// five processes on PostgreSQL and Redis, through HTTP and gRPC only. Each test that begins with
// TestFAPI2 has the name of its module.
package fapi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// fleet is what the tests share, because starting it takes seconds.
type fleet struct {
	bins   harness.Binaries
	shapes []*harness.Deployment
}

var shared fleet //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-fapi-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	code := 1
	if err = shared.start(dir); err == nil {
		code = m.Run()
	}
	for _, d := range shared.shapes {
		err = errors.Join(err, d.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// start starts both shapes, each in a folder of its own.
func (f *fleet) start(dir string) (err error) {
	if f.bins, err = harness.Build(filepath.Join(dir, "bin"), false); err != nil {
		return err
	}
	one, five := filepath.Join(dir, "one"), filepath.Join(dir, "five")
	if err := errors.Join(os.Mkdir(one, 0o700), os.Mkdir(five, 0o700)); err != nil {
		return err
	}
	alone, err := harness.AllInOne(f.bins, one, harness.WithLongTimeouts(nil))
	if err != nil {
		return err
	}
	f.shapes = append(f.shapes, alone)
	servers, err := harness.NewServers(context.Background())
	if err != nil {
		return err
	}
	processes, err := harness.FiveProcesses(f.bins, five, servers, harness.WithLongTimeouts(map[string]string{
		"USHER_UPSTREAM_URL":          harness.NewUpstream().URL, // the all-in-one has its example API
		"USHER_AUTHZ_SOURCE_ATTEMPTS": "0",                       // Redis counts those of other packages too
	}))
	if err != nil {
		return err
	}
	f.shapes = append(f.shapes, processes)
	return nil
}

// each runs a test against both shapes, at once: a test mostly waits for its responses.
func each(t *testing.T, test func(t *testing.T, d *harness.Deployment)) {
	t.Helper()
	t.Run("on", func(t *testing.T) { // it returns when both have ended
		for _, d := range shared.shapes {
			t.Run(d.Name, func(t *testing.T) {
				t.Parallel()
				test(t, d)
			})
		}
	})
}

// wantError checks an error response in the format of RFC 6749 §5.2.
func wantError(t *testing.T, what string, a harness.Response, status int, code string) {
	t.Helper()
	if a.Status != status || a.Text("error") != code {
		t.Errorf("%s: %d %s, want %d %s", what, a.Status, a.Raw, status, code)
	}
}
