package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// meter reads the CPU time of groups of processes.
type meter map[string]func() (time.Duration, error)

// read samples every group.
func (m meter) read() (map[string]time.Duration, error) {
	sample := make(map[string]time.Duration, len(m))
	for name, group := range m {
		d, err := group()
		if err != nil {
			return nil, fmt.Errorf("reading the CPU time of %s: %w", name, err)
		}
		sample[name] = d
	}
	return sample, nil
}

// oneProcess returns a function that reads the CPU time of a process without its children.
func oneProcess(pid int) func() (time.Duration, error) {
	return func() (time.Duration, error) { return harness.CPUTime(pid) }
}

// withChildren returns a function that reads the CPU time of a process, its exited and its running
// children, as PostgreSQL needs.
func withChildren(pid int) func() (time.Duration, error) {
	return func() (time.Duration, error) { return harness.CPUTimeWithChildren(pid) }
}

// redisPid returns the process id that the Redis server reports.
func redisPid(addr string) (int, error) {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return 0, err
	}
	defer conn.Close() //nolint:errcheck // used for one command
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return 0, err
	}
	if _, err := conn.Write([]byte("INFO server\r\n")); err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if pid, ok := strings.CutPrefix(lines.Text(), "process_id:"); ok {
			return strconv.Atoi(pid)
		}
	}
	return 0, errors.New("INFO has no process_id")
}

// residentMiB returns a process's resident memory.
func residentMiB(pid int) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return kib / 1024, err
		}
	}
	return 0, errors.New("no VmRSS")
}
