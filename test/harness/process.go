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

// process is one running command, its log kept in a file.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	// done is closed when the process has ended, with exit set.
	done chan struct{}
	exit error
}

// The signals that freeze a process and let it go on.
const (
	stopSignal     = syscall.SIGSTOP
	continueSignal = syscall.SIGCONT
)

// startLimit is how long a process may take to become ready under the race detector on a busy machine.
const startLimit = 5 * time.Minute

// stopLimit is longer than a process may drain in a test and then finish what it has begun.
const stopLimit = 2 * time.Minute

// start runs a command. What it logs goes to <dir>/<name>.log and what it prints to <dir>/<name>.out, appended over restarts.
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

// ready waits until the process's admin listener says so.
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

// stop asks the process to end and answers how long that took; past the limit it is killed and that is an error.
func (p *process) stop(limit time.Duration) (time.Duration, error) {
	begun := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, err
	}
	select {
	case <-p.done:
		return time.Since(begun), nil
	case <-time.After(limit):
		p.kill()
		return time.Since(begun), fmt.Errorf("%s did not stop within %s", p.name, limit)
	}
}

// kill ends the process without asking.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}
