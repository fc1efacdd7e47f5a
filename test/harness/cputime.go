package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is the kernel's unit in /proc/<pid>/stat, fixed at 100 on Linux.
const ticksPerSecond = 100

// processStat holds the fields of /proc/<pid>/stat that are used.
type processStat struct {
	parent             int
	own, endedChildren time.Duration
}

func readStat(pid int) (processStat, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return processStat{}, err
	}
	// The command in parentheses may hold spaces; the fields after it are fixed (proc(5)).
	_, rest, found := strings.Cut(string(raw), ") ")
	f := strings.Fields(rest)
	if !found || len(f) < 15 {
		return processStat{}, errors.New("unexpected form of /proc/<pid>/stat")
	}
	n := func(i int) int { v, _ := strconv.Atoi(f[i]); return v }
	ticks := func(t int) time.Duration { return time.Duration(t) * time.Second / ticksPerSecond }
	return processStat{parent: n(1), own: ticks(n(11) + n(12)), endedChildren: ticks(n(13) + n(14))}, nil
}

// CPUTime returns the CPU time of a process without its children, for measurements.
func CPUTime(pid int) (time.Duration, error) {
	s, err := readStat(pid)
	return s.own, err
}

// CPUTimeWithChildren returns the CPU time of a process, its exited and its running children, as
// PostgreSQL needs.
func CPUTimeWithChildren(pid int) (time.Duration, error) {
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

// PostgresPID returns the process id of the postmaster, from the data folder that
// scripts/with-deps.sh sets.
func PostgresPID() (int, error) {
	raw, err := os.ReadFile(filepath.Join(os.Getenv("USHER_TEST_PG_DATA"), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
}
