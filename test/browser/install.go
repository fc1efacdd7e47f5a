package browser

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// oldestNode is the oldest major version of Node that playwright-core runs on.
const oldestNode = 20

// prepare installs the driver's npm packages in dir, and returns the path of Node.
func prepare(dir string) (node string, err error) {
	if err := installPackages(dir); err != nil {
		return "", err
	}
	node, err = exec.LookPath("node")
	if err != nil {
		return "", errors.New("no Node: run the tests through scripts/with-deps.sh (make test does), or install nodejs and npm")
	}
	version, err := majorVersion(node)
	if err != nil || version >= oldestNode {
		return node, err
	}
	// Debian 12 has Node 18; npm has packages of newer versions, named after Node's name for the
	// processor.
	newer, processor := filepath.Join(dir, "node"), strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
	return filepath.Join(newer, "node_modules", "node-linux-"+processor, "bin", "node"), installPackages(newer)
}

// majorVersion returns 20 for a Node whose version is v20.1.2.
func majorVersion(node string) (int, error) {
	out, err := exec.Command(node, "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("running %s --version: %w", node, err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(out), "v"), ".")
	return strconv.Atoi(major)
}

// installPackages runs `npm ci` in dir, unless the installed packages are from the same
// package-lock.json. A file lock serializes concurrent test runs.
func installPackages(dir string) error {
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return err
	}
	modules := filepath.Join(dir, "node_modules")
	if err := os.MkdirAll(modules, 0o750); err != nil {
		return err
	}
	guard, err := os.OpenFile(filepath.Join(dir, "node_modules.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer guard.Close()                                                     //nolint:errcheck // nothing is written to it
	if err := syscall.Flock(int(guard.Fd()), syscall.LOCK_EX); err != nil { // closing the file releases the lock
		return fmt.Errorf("waiting for another npm ci: %w", err)
	}
	sum := sha256.Sum256(lock)
	want, stamp := []byte(hex.EncodeToString(sum[:])), filepath.Join(modules, ".usher-installed")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, want) {
		return nil
	}
	npm := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts") // a package of Swagger UI would report the installation
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci in %s: %w\n%s", dir, err, out)
	}
	return os.WriteFile(stamp, want, 0o600)
}

// findChromium returns the path of Chromium: USHER_TEST_CHROMIUM, or the first of its usual names.
func findChromium() (string, error) {
	if path := os.Getenv("USHER_TEST_CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium: run the tests through scripts/with-deps.sh (make test does), or install it and name it in USHER_TEST_CHROMIUM")
}
