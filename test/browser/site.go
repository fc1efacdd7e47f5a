package browser

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"

	"github.com/vidocu/usher/test/harness"
)

// Site is the environment of a scenario: two all-in-ones, an app and a Chromium.
type Site struct {
	bins  harness.Binaries
	usher *harness.Deployment
	// hasty is another Usher, whose authorization requests expire after one minute.
	hasty  *harness.Deployment
	app    *App
	driver *Driver
}

// Open builds the commands and starts a site with its data in dir and the scenarios of driver. It
// builds without the race detector, since the tests check the pages. Close stops the site.
func Open(dir, driver string) (*Site, error) {
	for _, sub := range []string{"bin", "usher", "hasty"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	bins, err := harness.Build(filepath.Join(dir, "bin"))
	if err != nil {
		return nil, err
	}
	s := &Site{bins: bins}
	settings := harness.WithLongTimeouts(map[string]string{
		"USHER_IDENTITY_SOURCE_ATTEMPTS": "100000", // all users have one address
		"USHER_AUTHZ_USER_CODE_ATTEMPTS": "100000", "USHER_AUTHZ_USER_CODE_SOURCE_ATTEMPTS": "100000",
	})
	if s.usher, err = harness.AllInOne(bins, filepath.Join(dir, "usher"), settings); err != nil {
		return nil, err
	}
	if err := registerApps(s.usher, bins, dir); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.app = NewApp(s.usher)
	settings["USHER_AUTHZ_PROMPT_LIFETIME"] = "1m"
	if s.hasty, err = harness.AllInOne(bins, filepath.Join(dir, "hasty"), settings); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.driver, err = Start(driver); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Play runs a scenario (Driver.Play) with the site's addresses and extra as its input.
func (s *Site) Play(ctx context.Context, scenario string, extra map[string]any, output any) error {
	input := map[string]any{"usher": s.usher.PublicURL, "app": s.app.URL, "hasty": s.hasty.PublicURL}
	maps.Copy(input, extra)
	return s.driver.Play(ctx, scenario, input, output)
}

// Audit opens a site with its data in dir, and checks every state of a part of the pages.
func Audit(ctx context.Context, dir, driver, part string) error {
	s, err := Open(dir, driver)
	if err != nil {
		return err
	}
	return errors.Join(s.Play(ctx, "audit", map[string]any{"part": part}, nil), s.Close())
}

// Operate runs a command of usher as an operator and returns its output.
func (s *Site) Operate(ctx context.Context, args ...string) (string, error) {
	return s.usher.Operate(ctx, s.bins, args...)
}

// AppURL is the address of the client.
func (s *Site) AppURL() string { return s.app.URL }

// Close stops what Open started, and checks the logs of Usher as Deployment.Close does.
func (s *Site) Close() error {
	var errs []error
	if s.app != nil {
		s.app.Close()
	}
	if s.driver != nil {
		errs = append(errs, s.driver.Close())
	}
	for _, usher := range []*harness.Deployment{s.usher, s.hasty} {
		if usher != nil {
			errs = append(errs, usher.Close())
		}
	}
	return errors.Join(errs...)
}
