package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// profiler writes CPU profiles of a deployment's processes into a folder; it returns nil where
// folder is empty. The last part of a load overwrites the others. Profiling slows the processes, so
// the ratios of such a run are not valid.
func profiler(d *harness.Deployment, folder string) func(name string, length time.Duration) func() error {
	if folder == "" {
		return nil
	}
	return func(name string, length time.Duration) func() error {
		seconds := max(int(length/time.Second), 1)
		failed := make(chan error)
		admins := d.AdminURLs()
		for process, admin := range admins {
			go func() {
				file := fmt.Sprintf("%s-%s.pprof", process, url.PathEscape(name))
				failed <- fetchProfile(fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", admin, seconds), filepath.Join(folder, file))
			}()
		}
		return func() error {
			var errs []error
			for range admins {
				errs = append(errs, <-failed)
			}
			return errors.Join(errs...)
		}
	}
}

func fetchProfile(from, to string) error {
	res, err := http.Get(from) //nolint:noctx // our own admin listener
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s returned %s", from, res.Status)
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := out.ReadFrom(res.Body); err != nil {
		return err
	}
	return out.Close()
}
