package harness

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Binaries are the commands of one build.
type Binaries struct {
	dir string
	// other maps the binaries that come from another build to their paths.
	other map[string]string
}

// commands maps each binary to its package.
func commands() map[string]string {
	return map[string]string{
		"usher":    "./cmd/usher",
		"identity": "./services/identity/cmd/identity",
		"authz":    "./services/authz/cmd/authz",
		"token":    "./services/token/cmd/token",
		"consent":  "./services/consent/cmd/consent",
		"activity": "./services/activity/cmd/activity",
		"gateway":  "./gateway/cmd/gateway",
		"probe":    "./test/probe",
	}
}

// Build compiles every command into dir, or into a folder that all tests of a run share
// (USHER_TEST_BIN), where it is done once.
func Build(dir string) (Binaries, error) {
	return buildOnce(dir, "plain", slices.Collect(maps.Values(commands())))
}

// BuildRaced is Build of the all-in-one alone, with the race detector in it.
func BuildRaced(dir string) (Binaries, error) {
	flags := []string{"-race"}
	for _, pkg := range []string{"modernc.org/sqlite/lib", "golang.org/x/crypto/argon2", "golang.org/x/crypto/blake2b"} { // as in the Makefile
		flags = append(flags, "-gcflags="+pkg+"=-race=false")
	}
	return buildOnce(dir, "raced", append(flags, commands()["usher"]))
}

// buildOnce runs `go build` with args for dir, or once for the shared folder of that name.
func buildOnce(dir, name string, args []string) (Binaries, error) {
	shared := os.Getenv("USHER_TEST_BIN")
	if shared == "" {
		return build(dir, args)
	}
	dir = filepath.Join(shared, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Binaries{}, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return Binaries{}, err
	}
	defer lock.Close()                                                     //nolint:errcheck // nothing is written to it
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil { // closing the file releases the lock
		return Binaries{}, fmt.Errorf("locking the shared build: %w", err)
	}
	done := filepath.Join(dir, "done")
	if _, err := os.Stat(done); err == nil {
		return Binaries{dir: dir}, nil
	}
	if _, err := build(dir, args); err != nil {
		return Binaries{}, err
	}
	return Binaries{dir: dir}, os.WriteFile(done, nil, 0o600)
}

func build(dir string, args []string) (Binaries, error) {
	root, err := moduleRoot()
	if err != nil {
		return Binaries{}, err
	}
	// -toolexec as in the Makefile
	cmd := exec.Command("go", append([]string{"build", "-toolexec=env GOGC=400", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)}, args...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return Binaries{}, fmt.Errorf("building the commands: %w\n%s", err, out)
	}
	return Binaries{dir: dir}, nil
}

// Path returns the path of a binary.
func (b Binaries) Path(name string) string {
	if path := b.other[name]; path != "" {
		return path
	}
	return filepath.Join(b.dir, name)
}

// With returns the same binaries, with those of the services taken from another build.
func (b Binaries) With(other Binaries) Binaries {
	b.other = map[string]string{}
	for _, service := range services() {
		if service != younger {
			b.other[service] = other.Path(service)
		}
	}
	return b
}

// younger is the service that the previous release does not have. Its gateway refuses the setting
// with the address of it.
const younger = "activity"

// know removes from the settings of a process what its build refuses.
func (b Binaries) know(service string, env map[string]string) {
	if service != younger {
		delete(env, "USHER_ACTIVITY_DATABASE_URL")
	}
	if service != "gateway" || b.other[service] != "" {
		delete(env, "USHER_PEERS_ACTIVITY")
	}
}

func moduleRoot() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/vidocu/usher").Output()
	if err != nil {
		return "", fmt.Errorf("finding the module: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// environ returns a child process's environment: ours without the variables that configure Usher,
// and the given ones.
func environ(set map[string]string) []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "USHER_") {
			env = append(env, kv)
		}
	}
	for k, v := range set {
		env = append(env, k+"="+v)
	}
	return env
}
