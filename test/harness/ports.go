package harness

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// The ports that processes under test listen on lie below those that systems give outgoing connections, one of which would
// otherwise take a port between its choice and its use, or while a process is being restarted. scripts/with-deps.sh takes its
// own above them.
const (
	firstPort = 10_000
	endOfPort = 20_000
)

// FreeAddr is a loopback address that nobody listens on and that no other test run is given soon.
func FreeAddr() (string, error) {
	addrs, err := freeAddrs(1)
	if err != nil {
		return "", err
	}
	return addrs[0], nil
}

// freeAddrs is FreeAddr for n addresses. All test processes of a user go through the ports in turn, by a count in a file, so
// that two that start at once are given different ones.
func freeAddrs(n int) ([]string, error) {
	count, err := os.OpenFile(filepath.Join(os.TempDir(), fmt.Sprintf("usher-test-ports.%d", os.Getuid())), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer count.Close() //nolint:errcheck // what was written is checked
	if err := syscall.Flock(int(count.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("locking %s: %w", count.Name(), err)
	}
	next, err := nextPort(count)
	if err != nil {
		return nil, err
	}
	var addrs []string
	for tried := 0; len(addrs) < n; tried++ {
		if tried == endOfPort-firstPort {
			return nil, errors.New("no loopback port is free")
		}
		if next < firstPort || next >= endOfPort {
			next = firstPort
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(next))
		next++
		if l, err := net.Listen("tcp", addr); err == nil {
			addrs = append(addrs, addr)
			_ = l.Close() // it was never used
		}
	}
	_, err = count.WriteAt(fmt.Appendf(nil, "%5d\n", next), 0)
	return addrs, err
}

// nextPort reads the count; 0 where it was not begun, or cannot be read as one.
func nextPort(count io.ReaderAt) (int, error) {
	text := make([]byte, 5)
	n, err := count.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	next, _ := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	return next, nil
}
