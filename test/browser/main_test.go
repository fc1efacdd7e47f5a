package browser

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// rounds is the number of repetitions of each kind of double click.
var rounds = flag.Int("rounds", 2, "repetitions of each kind of double click") //nolint:gochecknoglobals // a flag of the test binary

// scenarioLimit is a timeout that only a hang reaches; the driver's own timeouts are shorter and
// describe the failure.
const scenarioLimit = 15 * time.Minute

var shared *Site //nolint:gochecknoglobals // set once in TestMain, used by every test

// expired receives the result of the scenario of that name, which TestMain starts: it waits for a
// minute while the tests run.
var expired = make(chan error, 1) //nolint:gochecknoglobals // likewise

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-browser-")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		shared, err = Open(dir, "driver")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() {
		path := harness.Request{ClientID: harness.PublicID, RedirectURI: "http://127.0.0.1/callback", Verifier: harness.NewVerifier()}.Path()
		expired <- shared.Play(context.Background(), "expired", map[string]any{"path": path}, nil)
	}()
	code := m.Run()
	if err := shared.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// play runs a scenario, decodes its output unless output is nil, and fails the test with the
// scenario's error.
func play(t *testing.T, scenario string, extra map[string]any, output any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), scenarioLimit)
	defer cancel()
	if err := shared.Play(ctx, scenario, extra, output); err != nil {
		t.Error(err)
	}
}
