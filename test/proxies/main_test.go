// Package proxies runs the worked examples of deploy/proxies, word for word, in front of an API, and holds them to what Usher's
// own door promises: who comes through, in whose name, and what everybody else is told.
package proxies

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// examples is where the configurations lie.
const examples = "../../deploy/proxies"

// site is what the tests share.
type site struct {
	deployment *harness.Deployment
	dir        string
	api        *api
}

var shared site //nolint:gochecknoglobals // set once in TestMain, read by every test

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-proxies-")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		err = start(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	shared.api.Close()
	if err := shared.deployment.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// start builds without the race detector: what is under test is a configuration.
func start(dir string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	bins, err := harness.Build(bin, false)
	if err != nil {
		return err
	}
	d, err := harness.AllInOne(bins, dir, harness.Unhurried(nil))
	shared = site{deployment: d, dir: dir, api: newAPI()}
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// api stands for what is protected: it tells what reached it, and counts.
type api struct {
	*httptest.Server

	reached atomic.Int64
}

// arrived is a request as the API saw it.
type arrived struct {
	Method, URI, Body string
	Header            http.Header
}

func newAPI() *api {
	a := &api{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.reached.Add(1)
		body, _ := io.ReadAll(r.Body) // what is missing shows in the comparison
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Has("teapot") {
			w.WriteHeader(http.StatusForbidden)
		}
		_ = json.NewEncoder(w).Encode(arrived{r.Method, r.RequestURI, string(body), r.Header}) // likewise
	}))
	return a
}

// issue goes through the flow and answers an access token with these scopes.
func issue(t *testing.T, scope string) string {
	t.Helper()
	d := shared.deployment
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{Scope: scope})
	must(t, err)
	return tokens.Access
}

// apiKey is the one that the development mode prints at its first start.
func apiKey(t *testing.T) string {
	t.Helper()
	printed, err := os.ReadFile(filepath.Join(shared.dir, "usher.out"))
	must(t, err)
	key := regexp.MustCompile(`vdo_live_[0-9A-Za-z]{49}`).FindString(string(printed))
	if key == "" {
		t.Fatalf("no API key was printed:\n%s", printed)
	}
	shared.deployment.Remember("api key", key)
	return key
}
