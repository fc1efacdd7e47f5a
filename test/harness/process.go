package harness

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is one running command with its log file.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	// done is closed when the process has exited; exit is set before.
	done chan struct{}
	exit error
}

// The signals that suspend and continue a process.
const (
	stopSignal     = syscall.SIGSTOP
	continueSignal = syscall.SIGCONT
)

// startLimit is the timeout for a process to become ready, under the race detector on a busy
// machine.
const startLimit = 5 * time.Minute

// stopLimit is longer than a process's drain time and request timeout in a test.
const stopLimit = 2 * time.Minute

// start runs a command. Its standard error is appended to <dir>/<name>.log and its standard output
// to <dir>/<name>.out.
func start(bin, name, dir string, args []string, env map[string]string) (*process, error) {
	log, err := appendTo(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the child has its own copy
	out, err := appendTo(filepath.Join(dir, name+".out"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }() // likewise
	cmd := exec.Command(bin, args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = environ(env), dir, out, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, log: log.Name(), done: make(chan struct{})}
	go func() {
		p.exit = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func appendTo(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// ready waits until the process's admin listener reports that it is ready.
func (p *process) ready(admin string) error {
	client := &http.Client{Timeout: time.Second}
	for deadline := time.Now().Add(startLimit); time.Now().Before(deadline); {
		select {
		case <-p.done:
			tail, _ := os.ReadFile(p.log)
			return fmt.Errorf("%s ended before it was ready (%w):\n%s", p.name, p.exit, tail)
		case <-time.After(20 * time.Millisecond):
		}
		res, err := client.Get("http://" + admin + "/readyz")
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return nil
		}
	}
	tail, _ := os.ReadFile(p.log)
	return fmt.Errorf("%s is not ready after %s:\n%s", p.name, startLimit, tail)
}

// stop sends SIGTERM and returns how long the process took to exit; past the limit it kills the
// process and returns an error.
func (p *process) stop(limit time.Duration) (time.Duration, error) {
	started := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, err
	}
	select {
	case <-p.done:
		return time.Since(started), nil
	case <-time.After(limit):
		p.kill()
		return time.Since(started), fmt.Errorf("%s did not stop within %s", p.name, limit)
	}
}

// kill sends SIGKILL.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}
