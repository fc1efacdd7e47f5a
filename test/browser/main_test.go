package browser

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// rounds is how often each kind of double click is repeated.
var rounds = flag.Int("rounds", 2, "repetitions of each kind of double click") //nolint:gochecknoglobals // a flag of the test binary

// scenarioLimit is what only a hang reaches; the driver's own deadlines are shorter and say more.
const scenarioLimit = 4 * time.Minute

// site is what the tests share.
type site struct {
	usher  *harness.Deployment
	app    *App
	driver *Driver
}

var shared site //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-browser-")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		err = start(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	shared.app.Close()
	if err := errors.Join(shared.driver.Close(), shared.usher.Close()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// start builds without the race detector: what is under test is what people see.
func start(dir string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	bins, err := harness.Build(bin, false)
	if err != nil {
		return err
	}
	usher, err := harness.AllInOne(bins, dir, harness.Unhurried(map[string]string{"USHER_IDENTITY_SOURCE_ATTEMPTS": "100000"}))
	if err != nil {
		return err
	}
	driver, err := Start("driver")
	if err != nil {
		return errors.Join(err, usher.Close())
	}
	shared = site{usher: usher, app: NewApp(usher), driver: driver}
	return nil
}

// input is what every scenario is given, and what a scenario is given besides.
func input(extra map[string]any) map[string]any {
	in := map[string]any{"usher": shared.usher.PublicURL, "app": shared.app.URL}
	for key, value := range extra {
		in[key] = value
	}
	return in
}

// play runs a scenario and fails the test with what did not hold.
func play(t *testing.T, scenario string, extra map[string]any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), scenarioLimit)
	defer cancel()
	if err := shared.driver.Play(ctx, scenario, input(extra), nil); err != nil {
		t.Error(err)
	}
}
