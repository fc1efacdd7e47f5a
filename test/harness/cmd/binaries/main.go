// Command binaries builds the commands that all tests of a run share, and then runs its arguments as a
// command: `make test` starts the tests with it, so that no test waits for the compiler.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/vidocu/usher/test/harness"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run replaces this process with the command, so that the command receives its signals and has its
// terminal.
func run(command []string) error {
	if len(command) == 0 || os.Getenv("USHER_TEST_BIN") == "" {
		return errors.New("give a command, and run it within scripts/with-deps.sh")
	}
	if _, err := harness.Build(""); err != nil {
		return err
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, command, os.Environ())
}
