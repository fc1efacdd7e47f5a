// Package localsock is a door for the operator of the machine: a Unix socket that only the user who runs the process can
// open, and whoever comes through it is the caller `operator`. The file's permission is the authority, in place of a certificate.
//
// It owns the socket's file and the caller's name. It never decides what the operator may do: policy does, as everywhere.
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
	// folder lies in the data folder and holds nothing but sockets, so that it may be closed to everybody else.
	folder     = "operator"
	folderMode = 0o700
	socketMode = 0o600
	// maxPath is what the kernels have room for: 104 bytes on the BSDs and macOS, 108 on Linux, each with a zero at the end.
	maxPath = 103
	// probeLimit bounds the question whether anybody still listens: a local connection is made at once or never.
	probeLimit = time.Second
)

// ErrPathTooLong says that the data folder's path leaves no room for a socket's name.
var ErrPathTooLong = errors.New("path is too long for a Unix socket")

// Path is where a service's socket lies under a data folder: as short as it can be named from here. It fails with
// ErrPathTooLong.
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

// Exists reports whether a service's socket lies under a data folder. A process that was killed leaves one behind.
func Exists(dataDir, service string) bool {
	path, err := Path(dataDir, service)
	if err != nil {
		return false
	}
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == fs.ModeSocket
}

// Listen opens a service's socket under a data folder, which exists: for its owner alone, in a folder of the same kind. A
// file that a crash left is replaced; one that somebody listens at is an error. Closing the listener removes the file.
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
		_ = lis.Close() // the chmod's failure says more
		return nil, fmt.Errorf("the operator's socket: %w", err)
	}
	return lis, nil
}

// closedFolder makes the folder, or closes one that is open to others: a socket's own mode is set only after it exists.
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

// removeStale removes a socket that nobody listens at.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is there and is no socket: move it away", path)
	}
	conn, err := net.DialTimeout("unix", path, probeLimit)
	if err == nil {
		_ = conn.Close() // it was only a question
		return fmt.Errorf("another Usher listens at %s", path)
	}
	return os.Remove(path)
}
