package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is the kernel's unit in /proc/<pid>/stat, fixed at 100 on Linux.
const ticksPerSecond = 100

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

// stat holds the fields of /proc/<pid>/stat that are used.
type stat struct {
	parent             int
	own, endedChildren time.Duration
}

func readStat(pid int) (stat, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	// The command in parentheses may hold spaces; the fields after it are fixed (proc(5)).
	_, rest, found := strings.Cut(string(raw), ") ")
	f := strings.Fields(rest)
	if !found || len(f) < 15 {
		return stat{}, errors.New("unexpected form of /proc/<pid>/stat")
	}
	n := func(i int) int { v, _ := strconv.Atoi(f[i]); return v }
	ticks := func(t int) time.Duration { return time.Duration(t) * time.Second / ticksPerSecond }
	return stat{parent: n(1), own: ticks(n(11) + n(12)), endedChildren: ticks(n(13) + n(14))}, nil
}

// oneProcess returns a function that reads the CPU time of a process without its children.
func oneProcess(pid int) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		s, err := readStat(pid)
		return s.own, err
	}
}

// withChildren returns a function that reads the CPU time of a process, its exited and its running
// children, as PostgreSQL needs.
func withChildren(pid int) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		s, err := readStat(pid)
		if err != nil {
			return 0, err
		}
		total := s.own + s.endedChildren
		entries, err := os.ReadDir("/proc")
		if err != nil {
			return 0, err
		}
		for _, e := range entries {
			child, err := strconv.Atoi(e.Name())
			if err != nil {
				continue
			}
			if c, err := readStat(child); err == nil && c.parent == pid {
				total += c.own
			}
		}
		return total, nil
	}
}

// postgresPid returns the process id of the postmaster, from the data folder that
// scripts/with-deps.sh sets.
func postgresPid() (int, error) {
	raw, err := os.ReadFile(filepath.Join(os.Getenv("USHER_TEST_PG_DATA"), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
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
