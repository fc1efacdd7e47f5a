package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// closeLimit is the timeout for the Node process to close Chromium.
const closeLimit = 30 * time.Second

// Driver is a running Node process that controls Chromium. It is safe for concurrent use.
type Driver struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	// ended is closed when the process has exited; exit is its error.
	ended chan struct{}
	exit  error

	mu      sync.Mutex
	last    int
	waiting map[int]chan<- response
}

// request is one line to the process.
type request struct {
	ID       int    `json:"id"`
	Scenario string `json:"scenario"`
	Input    any    `json:"input"`
}

// response is one line from the process.
type response struct {
	ID     int             `json:"id"`
	Output json.RawMessage `json:"output"`
	// Error describes the failure, with the page on which it occurred; empty when the scenario
	// succeeded.
	Error string `json:"error"`
}

// Start installs the driver's npm packages in dir where they are missing, and starts the driver.
// Close stops it.
func Start(dir string) (*Driver, error) {
	node, err := prepare(dir)
	if err != nil {
		return nil, err
	}
	chromium, err := findChromium()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(node, filepath.Join(dir, "main.mjs"))
	cmd.Env = append(os.Environ(), "USHER_TEST_CHROMIUM="+chromium)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting node: %w", err)
	}
	d := &Driver{cmd: cmd, stdin: stdin, ended: make(chan struct{}), waiting: map[int]chan<- response{}}
	go d.read(stdout)
	return d, nil
}

// read passes each response to the caller that waits for it, until the process exits.
func (d *Driver) read(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var res response
		if err := json.Unmarshal(line, &res); err != nil {
			fmt.Fprintf(os.Stderr, "driver: %s", line) // output of a library
			continue
		}
		d.mu.Lock()
		waiting := d.waiting[res.ID]
		delete(d.waiting, res.ID)
		d.mu.Unlock()
		if waiting != nil {
			waiting <- res
		}
	}
	d.exit = d.cmd.Wait()
	close(d.ended)
}

// Play runs driver/scenarios/<scenario>.mjs with input, which is encoded as JSON, and decodes its
// result into output unless that is nil. The error of a failed scenario describes the page that the
// browser was on.
func (d *Driver) Play(ctx context.Context, scenario string, input, output any) error {
	result := make(chan response, 1)
	d.mu.Lock()
	d.last++
	id := d.last
	d.waiting[id] = result
	line, err := json.Marshal(request{ID: id, Scenario: scenario, Input: input})
	if err == nil {
		_, err = d.stdin.Write(append(line, '\n'))
	}
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("sending %s to the driver: %w", scenario, err)
	}
	select {
	case res := <-result:
		if res.Error != "" {
			return fmt.Errorf("%s: %s", scenario, res.Error)
		}
		if output == nil {
			return nil
		}
		return json.Unmarshal(res.Output, output)
	case <-d.ended:
		return fmt.Errorf("%s: the driver exited: %w", scenario, errors.Join(d.exit, io.ErrUnexpectedEOF))
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", scenario, ctx.Err())
	}
}

// Close closes Chromium and stops the process, by closing its standard input.
func (d *Driver) Close() error {
	err := d.stdin.Close()
	select {
	case <-d.ended:
		return errors.Join(err, d.exit)
	case <-time.After(closeLimit):
		return errors.Join(err, d.cmd.Process.Kill(), errors.New("the driver did not close Chromium"))
	}
}
