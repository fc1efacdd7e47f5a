package harness_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

func port(t *testing.T, addr string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func free(t *testing.T) string {
	t.Helper()
	addr, err := harness.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func TestNoTwoAreGivenTheSamePort(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var mu sync.Mutex
	given := map[int]bool{}
	var all sync.WaitGroup
	barrier := make(chan struct{})
	for range 8 {
		all.Go(func() {
			<-barrier
			for range 25 {
				addr, err := harness.FreeAddr()
				if err != nil {
					t.Error(err)
					return
				}
				n := port(t, addr)
				mu.Lock()
				if given[n] {
					t.Errorf("port %d was returned twice", n)
				}
				given[n] = true
				mu.Unlock()
			}
		})
	}
	close(barrier)
	all.Wait()
	for n := range given {
		if n >= 20_000 {
			t.Errorf("port %d is in the ephemeral range", n)
		}
	}
}

func TestAPortInUseIsPassedOver(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	first := port(t, free(t))
	next := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+1))
	if l, err := net.Listen("tcp", next); err == nil {
		defer l.Close()
	}
	if addr := free(t); addr == next {
		t.Errorf("%s is in use", addr)
	}
}

func TestAnInvalidCountStartsAtZero(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	want := free(t)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	for _, text := range []string{"", "nonsense", "99999\n", "-1"} {
		if err := os.WriteFile(files[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := free(t); got != want {
			t.Errorf("after %q: %s, want %s", text, got, want)
		}
	}
}
