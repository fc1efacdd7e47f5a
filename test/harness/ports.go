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

// Processes under test listen on ports below the ephemeral range, from which the kernel takes the
// ports of outgoing connections: otherwise one of those could take a port between its choice and
// its use, or during a restart. scripts/with-deps.sh uses ports above these.
const (
	firstPort = 10_000
	endOfPort = 20_000
)

// FreeAddr returns a loopback address on which no process listens and which no other test run
// receives soon.
func FreeAddr() (string, error) {
	addrs, err := freeAddrs(1)
	if err != nil {
		return "", err
	}
	return addrs[0], nil
}

// freeAddrs is FreeAddr for n addresses. All test processes of an operating system user take the
// ports in turn, from a counter in a file, so that two that start at once receive different ports.
func freeAddrs(n int) ([]string, error) {
	count, err := os.OpenFile(filepath.Join(os.TempDir(), fmt.Sprintf("usher-test-ports.%d", os.Getuid())), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer count.Close() //nolint:errcheck // the writes were checked
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
			_ = l.Close() // the listener was never used
		}
	}
	_, err = count.WriteAt(fmt.Appendf(nil, "%5d\n", next), 0)
	return addrs, err
}

// nextPort reads the counter; 0 where the file is empty or invalid.
func nextPort(count io.ReaderAt) (int, error) {
	text := make([]byte, 5)
	n, err := count.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	next, _ := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	return next, nil
}
