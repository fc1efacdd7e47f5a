package attack

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// target is the deployment and servers that the tests of this package share.
type target struct {
	*harness.Deployment

	bins     harness.Binaries
	servers  *harness.OwnServers
	upstream *httptest.Server
}

var shared target //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "usher-attack-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	err = begin(dir)
	if err == nil {
		code = m.Run()
		err = end()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func begin(dir string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	var err error
	if shared.bins, err = harness.Build(bin); err != nil {
		return err
	}
	if shared.servers, err = harness.StartOwnServers(context.Background(), dir); err != nil {
		return err
	}
	shared.upstream = harness.NewUpstream()
	shared.Deployment, err = harness.Processes(shared.bins, dir, shared.servers.Servers, harness.WithLongTimeouts(map[string]string{
		"USHER_UPSTREAM_URL": shared.upstream.URL, "USHER_AUTHZ_ANONYMOUS_REQUESTS": strconv.Itoa(anonymousLimit()),
		"USHER_AUTHZ_ANONYMOUS_WINDOW": "24h", // so that a window hardly ever ends while a test counts in it
		// The tests send hundreds of wrong secrets from one address, to measure the cost of each.
		"USHER_AUTHZ_SOURCE_ATTEMPTS": "0", "USHER_AUTHZ_CLIENT_ATTEMPTS": "0",
		"USHER_TOKEN_REFRESH_LIMIT": "0", // one client refreshes as fast as it can, to show that an attack does not delay it
	}))
	return err
}

// end stops everything and searches the log: no process may have panicked, and no statement may
// have sent text to a database that it cannot store.
func end() error {
	err := shared.Close()
	log, logErr := shared.Log()
	for _, word := range []string{"panic", "SQLSTATE 22", "fatal error", "stack overflow"} {
		if at := strings.Index(log, word); at >= 0 && err == nil {
			err = fmt.Errorf("the log has %q: %.600s", word, log[max(0, at-200):])
		}
	}
	for _, e := range []error{logErr, shared.servers.Close()} {
		if err == nil {
			err = e
		}
	}
	return err
}

// anonymousLimit is the limit on authorization requests without a sign-in, per source: fewer than an operator
// would allow, more than all tests of this package send together.
func anonymousLimit() int { return 1000 * (*crowd) }
