package proxies

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// patience is the timeout for a program to start or to stop on a busy machine.
const patience = time.Minute

// running is a running proxy with its example.
type running struct {
	name, url, log string
	// api is the API behind the proxy; nil where a test sets another address.
	api *api
	// transport connects to the proxy.
	transport *http.Transport

	cmd  *exec.Cmd
	done chan struct{}
}

// launch runs an example with its addresses replaced.
func launch(p proxy, b targets) (*running, error) {
	dir, err := os.MkdirTemp(shared.dir, p.name+"-")
	if err != nil {
		return nil, err
	}
	b.dir = dir
	if b.front, err = harness.FreeAddr(); err != nil {
		return nil, err
	}
	changes, err := p.changes(b)
	if err != nil {
		return nil, err
	}
	if err := write(p, dir, append(changes, b.more...)); err != nil {
		return nil, err
	}
	r := &running{
		name: p.name, url: "http://" + b.front, log: filepath.Join(dir, "log"), done: make(chan struct{}),
		transport: &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 1 << 20},
	}
	if b.transport != nil {
		r.url, r.transport = frontURL, b.transport(b.front)
	}
	log, err := os.Create(r.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the program has its own copy
	args := p.command(filepath.Join(dir, filepath.Base(p.files[0])))
	r.cmd = exec.Command(args[0], args[1:]...)
	r.cmd.Dir, r.cmd.Stdout, r.cmd.Stderr = dir, log, log
	r.cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: run the tests through scripts/with-deps.sh (make test does)", err)
	}
	go func() { _ = r.cmd.Wait(); close(r.done) }()
	if err := r.listens(); err != nil {
		return nil, errors.Join(err, r.stop())
	}
	return r, nil
}

// change is one replacement in an example.
type change struct{ from, to string }

// write writes the example's files with the replacements into dir. Every replacement must match.
func write(p proxy, dir string, changes []change) error {
	found := map[string]bool{}
	for _, name := range p.files {
		if !filepath.IsAbs(name) {
			name = filepath.Join(examples, name)
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		text := string(raw)
		for _, c := range changes {
			found[c.from] = found[c.from] || strings.Contains(text, c.from)
			text = strings.ReplaceAll(text, c.from, c.to)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), []byte(text), 0o600); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if !found[c.from] {
			return fmt.Errorf("the example of %s has no %q to replace", p.name, c.from)
		}
	}
	return nil
}

// listens waits until the program responds to a preflight, which an enforcing proxy responds to itself
// and a front forwards: Traefik listens before it has read its example, and Envoy's front before
// its health check of the gateway.
func (r *running) listens() error {
	preflight, err := http.NewRequest(http.MethodOptions, r.url+"/v1/videos", nil)
	if err != nil {
		return err
	}
	preflight.Header.Set("Origin", "https://app.example.com")
	preflight.Header.Set("Access-Control-Request-Method", "GET")
	client := &http.Client{Transport: r.transport, Timeout: time.Second}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-r.done:
			return fmt.Errorf("%s exited before it listened:\n%s", r.name, r.printed())
		case <-time.After(10 * time.Millisecond):
		}
		res, err := client.Do(preflight)
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusServiceUnavailable {
			return nil
		}
	}
	return fmt.Errorf("%s is not listening after %s:\n%s", r.name, patience, r.printed())
}

// printed returns the program's output.
func (r *running) printed() string {
	text, _ := os.ReadFile(r.log) // empty where it printed nothing
	return string(text)
}

func (r *running) stop() error {
	_ = r.cmd.Process.Signal(syscall.SIGTERM) // it may have exited already
	select {
	case <-r.done:
		return nil
	case <-time.After(patience):
		_ = r.cmd.Process.Kill()
		return fmt.Errorf("%s did not stop within %s", r.name, patience)
	}
}

// open launches the enforcing examples, each with an API of its own.
func open(b targets) (map[string]*running, error) {
	started, err := launchAll(proxies(), func(p proxy) (*running, error) {
		api := newAPI()
		b := b
		b.api = api.addr()
		r, err := launch(p, b)
		if r != nil {
			r.api = api
		}
		return r, err
	})
	enforcers := map[string]*running{}
	for _, r := range started {
		enforcers[r.name] = r
	}
	return enforcers, err
}

// launchAll launches examples concurrently, and returns those that run.
func launchAll(all []proxy, launchOne func(p proxy) (*running, error)) ([]*running, error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var started []*running
	var errs []error
	for _, p := range all {
		wg.Go(func() {
			r, err := launchOne(p)
			mu.Lock()
			defer mu.Unlock()
			if r != nil {
				started = append(started, r)
			}
			errs = append(errs, err)
		})
	}
	wg.Wait()
	return started, errors.Join(errs...)
}

// startProxy launches one example until the test ends, with an API of its own unless targets has
// one.
func startProxy(t *testing.T, p proxy, b targets) *running {
	t.Helper()
	var own *api
	if b.api == "" {
		own = newAPI()
		t.Cleanup(own.Close)
		b.api = own.addr()
	}
	r, err := launch(p, b)
	expect.NoError(t, err)
	r.api = own
	t.Cleanup(func() { expect.NoError(t, r.stop()) })
	return r
}

// nginxDirectives keep nginx in the foreground. As root it would run its workers as a user who
// cannot read the test's folder.
func nginxDirectives() string {
	me, err := user.Current()
	if err != nil || os.Geteuid() != 0 {
		return "daemon off;"
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		return "daemon off;"
	}
	return "daemon off; user " + me.Username + " " + group.Name + ";"
}
