package browser

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"

	"github.com/vidocu/usher/test/harness"
)

// Site is everything that a scenario needs: an all-in-one, an app and a Chromium.
type Site struct {
	usher  *harness.Deployment
	app    *App
	driver *Driver
}

// Open builds the commands and starts a site with its data in dir and the scenarios of driver. It builds without the race
// detector: what is under test is what people see. Close ends the site.
func Open(dir, driver string) (*Site, error) {
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return nil, err
	}
	bins, err := harness.Build(bin, false)
	if err != nil {
		return nil, err
	}
	// All people here come from one address.
	usher, err := harness.AllInOne(bins, dir, harness.Unhurried(map[string]string{"USHER_IDENTITY_SOURCE_ATTEMPTS": "100000"}))
	if err != nil {
		return nil, err
	}
	process, err := Start(driver)
	if err != nil {
		return nil, errors.Join(err, usher.Close())
	}
	return &Site{usher: usher, app: NewApp(usher), driver: process}, nil
}

// Play runs a scenario (Driver.Play) with the addresses of the site and what is given besides.
func (s *Site) Play(ctx context.Context, scenario string, extra map[string]any, output any) error {
	input := map[string]any{"usher": s.usher.PublicURL, "app": s.app.URL}
	maps.Copy(input, extra)
	return s.driver.Play(ctx, scenario, input, output)
}

// Close ends everything, and checks the log of Usher as Deployment.Close does.
func (s *Site) Close() error {
	s.app.Close()
	return errors.Join(s.driver.Close(), s.usher.Close())
}
