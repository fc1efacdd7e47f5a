// Package localsock is the operator's entry point on the machine: a Unix socket that only the user
// who runs the process can open. Every caller through it is `operator`. The file's permission
// authenticates, in place of a certificate.
//
// It owns the socket's file and the caller's name. It does not authorize the operator: policy does,
// as everywhere.
package localsock

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	// folder is below the data folder and contains sockets only, so that other users can be
	// excluded from it.
	folder     = "operator"
	folderMode = 0o700
	socketMode = 0o600
	// maxPath is the kernels' limit: 104 bytes on the BSDs and macOS, 108 on Linux, each with a
	// terminating zero.
	maxPath = 103
	// probeLimit is the timeout of the check whether a process still listens: a local connection
	// succeeds at once or never.
	probeLimit = time.Second
)

// ErrPathTooLong means that the data folder's path leaves no room for a socket's name.
var ErrPathTooLong = errors.New("path is too long for a Unix socket")

// Path returns the path of a service's socket under a data folder, relative or absolute, whichever
// is shorter. It returns ErrPathTooLong.
func Path(dataDir, service string) (string, error) {
	path := filepath.Join(dataDir, folder, service+".sock")
	if len(path) <= maxPath {
		return path, nil
	}
	if here, err := os.Getwd(); err == nil {
		if near, err := filepath.Rel(here, path); err == nil && len(near) <= maxPath {
			return near, nil
		}
	}
	return "", fmt.Errorf("%w: %s has %d bytes, at most %d fit", ErrPathTooLong, path, len(path), maxPath)
}

// Exists reports whether a service's socket is under a data folder. A process that was killed leaves
// one behind.
func Exists(dataDir, service string) bool {
	path, err := Path(dataDir, service)
	if err != nil {
		return false
	}
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == fs.ModeSocket
}

// Listen creates a service's socket under a data folder, which exists: with access for its owner
// only, in a folder of the same kind. A socket that a crash left is replaced; one with a listening
// process is an error. Closing the listener removes the file.
func Listen(dataDir, service string) (net.Listener, error) {
	path, err := Path(dataDir, service)
	if err != nil {
		return nil, err
	}
	if err := closedFolder(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("the operator's socket: %w", err)
	}
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("the operator's socket: %w", err)
	}
	lis, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("the operator's socket: %w", err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		_ = lis.Close() // the chmod's error says more
		return nil, fmt.Errorf("the operator's socket: %w", err)
	}
	return lis, nil
}

// closedFolder creates the folder, or removes other users' access to it: a socket's own mode is set
// only after it exists.
func closedFolder(dir string) error {
	if err := os.Mkdir(dir, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	return os.Chmod(dir, folderMode)
}

// removeStale removes a socket without a listening process.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is not a socket: move it away", path)
	}
	conn, err := net.DialTimeout("unix", path, probeLimit)
	if err == nil {
		_ = conn.Close() // the connection was only a check
		return fmt.Errorf("another Usher listens at %s", path)
	}
	return os.Remove(path)
}
