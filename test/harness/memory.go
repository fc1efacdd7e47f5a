package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Memory returns the resident memory of a process in bytes, from /proc/<pid>/statm.
func Memory(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat))
	if len(fields) < 2 {
		return 0, fmt.Errorf("statm of %d is %q", pid, stat)
	}
	pages, err := strconv.Atoi(fields[1])
	return pages * os.Getpagesize(), err
}

// OpenFiles returns the number of a process's open file descriptors.
func OpenFiles(pid int) (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(entries), err
}
