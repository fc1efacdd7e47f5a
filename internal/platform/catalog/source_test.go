package catalog_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/logging/loggingtest"
	"github.com/vidocu/usher/sdk/enforce"
)

// followed is a running source inside a synctest bubble with fake time.
type followed struct {
	*catalog.Source
	path string
	log  loggingtest.Buffer

	mu     sync.Mutex // fake time establishes no order for the race detector
	passed []string
}

// changed is catalog.SourceConfig.Changed.
func (f *followed) changed(c *catalog.Catalog) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.passed = append(f.passed, c.Digest())
}

// digests returns the digests of the catalogs that were passed to changed.
func (f *followed) digests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.passed)
}

// follow runs a source on a file that says small until the test ends.
func follow(t *testing.T, test func(t *testing.T, f *followed)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := &followed{path: filepath.Join(dir, "catalog.yaml")}
		write(t, f.path, small)
		var err error
		f.Source, err = catalog.Open(catalog.SourceConfig{
			Path: f.path, Logger: slog.New(slog.NewTextHandler(&f.log, nil)),
			Changed: f.changed,
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.Run(ctx) }()
		test(t, f)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// looks lets the source poll its file n times.
func looks(n int) {
	time.Sleep(time.Duration(n) * time.Second)
	synctest.Wait()
}

// renamed is the small catalog with another scope.
func renamed() string { return strings.ReplaceAll(small, "a:write", "b:write") }

func TestAChangedFileCountsWithoutARestart(t *testing.T) {
	follow(t, func(t *testing.T, f *followed) {
		before := f.Current()
		write(t, f.path, renamed())
		looks(3)
		if !f.Known("b:write") || f.Known("a:write") || f.Digest() == before.Digest() {
			t.Error("the new file does not count")
		}
		if !before.Known("a:write") {
			t.Error("a catalog that a caller holds has changed")
		}
		app := enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"b:write"}, Plan: "pro"}
		if d := f.Rules().Decide(app, "POST", "/v1/a/x"); d != nil {
			t.Errorf("the rules are the old ones: %v", d)
		}
		if told := f.digests(); len(told) != 2 || told[1] != f.Digest() || !strings.Contains(f.log.String(), f.Digest()) {
			t.Errorf("the digests passed to Changed are %v, the log is %s", told, f.log.String())
		}
	})
}

func TestASwappedSymbolicLinkCounts(t *testing.T) {
	follow(t, func(t *testing.T, f *followed) {
		// As Kubernetes mounts it: the file is a link into a folder that is itself a link, and the
		// latter is replaced by a rename.
		dir := filepath.Dir(f.path)
		for version, text := range map[string]string{"v1": small, "v2": renamed()} {
			if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, version, "catalog.yaml"), text)
		}
		point := func(version string) {
			next := filepath.Join(dir, "next")
			if err := os.Symlink(version, next); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(next, filepath.Join(dir, "data")); err != nil {
				t.Fatal(err)
			}
		}
		point("v1")
		if err := os.Remove(f.path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join("data", "catalog.yaml"), f.path); err != nil {
			t.Fatal(err)
		}
		looks(3)
		if len(f.digests()) != 1 {
			t.Error("the same content under a link is a change")
		}
		point("v2")
		looks(3)
		if !f.Known("b:write") {
			t.Error("the swap does not count")
		}
	})
}

func TestABrokenFileChangesNothingAndIsToldOnceWithItsLine(t *testing.T) {
	follow(t, func(t *testing.T, f *followed) {
		digest := f.Digest()
		write(t, f.path, strings.Replace(small, "scope: a:write", "scope: a:writ", 1))
		looks(10)
		if f.Digest() != digest || !f.Known("a:write") {
			t.Error("the broken file counts")
		}
		if n := strings.Count(f.log.String(), "level=ERROR"); n != 1 || !strings.Contains(f.log.String(), "line 9") {
			t.Errorf("%d errors, want one that names line 9: %s", n, f.log.String())
		}
		if err := os.Remove(f.path); err != nil {
			t.Fatal(err)
		}
		looks(10)
		if n := strings.Count(f.log.String(), "level=ERROR"); n != 2 || f.Digest() != digest {
			t.Errorf("%d errors after the file is gone, want one more: %s", n, f.log.String())
		}
		write(t, f.path, renamed())
		looks(3)
		if !f.Known("b:write") {
			t.Error("the mended file does not count")
		}
	})
}

func TestAFileThatIsBeingWrittenIsNotReadHalf(t *testing.T) {
	follow(t, func(t *testing.T, f *followed) {
		half, _, _ := strings.Cut(renamed(), "  - name: pro")
		write(t, f.path, half) // a valid catalog by itself, with one plan less
		looks(1)
		write(t, f.path, renamed())
		looks(3)
		if len(f.digests()) != 2 || !f.Current().KnownPlan("pro") {
			t.Errorf("%d catalogs counted, want the first and the whole one", len(f.digests()))
		}
	})
}

func TestTheBuiltInCatalogIsASourceToo(t *testing.T) {
	s, err := catalog.Open(catalog.SourceConfig{})
	if err != nil || s.Digest() != catalog.Default().Digest() || s.Run(t.Context()) != nil {
		t.Errorf("%v", err)
	}
	if _, err := catalog.Open(catalog.SourceConfig{Path: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("a file that is not there starts")
	}
}
