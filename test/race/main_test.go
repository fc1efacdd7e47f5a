// Package race sends concurrent requests, repeatedly, and checks the resulting state: against the
// all-in-one and against separate processes on PostgreSQL and Redis, through HTTP only. The processes
// run without the race detector: fifty requests behind a barrier, two hundred times, look for races
// between requests and not between goroutines.
package race

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

var shapes []*harness.Deployment //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-race-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	code := 1
	if err = start(dir); err == nil {
		code = m.Run()
	}
	for _, d := range shapes {
		err = errors.Join(err, d.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// start starts both shapes, each in a folder of its own.
func start(dir string) error {
	bins, err := harness.Build(filepath.Join(dir, "bin"))
	if err != nil {
		return err
	}
	one, several := filepath.Join(dir, "one"), filepath.Join(dir, "processes")
	if err := errors.Join(os.Mkdir(one, 0o700), os.Mkdir(several, 0o700)); err != nil {
		return err
	}
	alone, err := harness.AllInOne(bins, one, harness.WithLongTimeouts(nil))
	if err != nil {
		return err
	}
	shapes = append(shapes, alone)
	servers, err := harness.NewServers(context.Background())
	if err != nil {
		return err
	}
	processes, err := harness.Processes(bins, several, servers, harness.WithLongTimeouts(nil))
	if err != nil {
		return err
	}
	processes.Own = servers
	shapes = append(shapes, processes)
	return nil
}

func each(t *testing.T, test func(t *testing.T, d *harness.Deployment)) {
	t.Helper()
	for _, d := range shapes {
		t.Run(d.Name, func(t *testing.T) { test(t, d) })
	}
}
