package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a PATH of a test's own, and what its programs were called with.
type machine struct{ bin, log string }

// newMachine has the real programs of every machine, those that a test gives a body in shell, and nothing else.
func newMachine(t *testing.T, programs map[string]string) machine {
	t.Helper()
	m := machine{bin: t.TempDir()}
	m.log = filepath.Join(m.bin, "log")
	for _, name := range []string{"bash", "cut", "env", "ls", "sed", "sort", "tail", "true"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(m.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, body := range programs {
		m.program(t, name, body)
	}
	return m
}

// program adds one, which notes how it is called.
func (m machine) program(t *testing.T, name, body string) {
	t.Helper()
	path := filepath.Join(m.bin, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "#!" + filepath.Join(m.bin, "bash") + "\necho \"${0##*/} $*\" >>" + m.log + "\n" + body + "\n"
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// run runs a script of the repository without a terminal, and returns what it printed and which programs it called how.
func (m machine) run(t *testing.T, script string, args ...string) (printed, called string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join("..", "..", script), args...)
	cmd.Env = []string{"PATH=" + m.bin, "TMPDIR=" + m.bin}
	out, err := cmd.CombinedOutput()
	log, _ := os.ReadFile(m.log) // nothing was called where there is none
	return string(out), string(log), err
}

const (
	ordinary = "echo 1000"
	asRoot   = "[ \"$1\" = -n ] && shift; exec \"$@\""
	refuses  = "exit 1"
	// noPackages ends a script before it starts a server.
	noPackages = "[[ $* != *install* ]]"
)

// TestFault_C15_AnOrdinaryUserInstallsWithSudo whatever a script misses: servers, the compiler, the parts of Kubernetes.
func TestFault_C15_AnOrdinaryUserInstallsWithSudo(t *testing.T) {
	for script, row := range map[string]struct {
		args    []string
		missing string
	}{
		"scripts/with-deps.sh": {[]string{"true"}, "redis-server"},
		"tools/need-cc.sh":     {nil, "gcc libc6-dev"},
		"tools/kube/needs.sh":  {[]string{"etcd"}, "etcd-server"},
		"tools/install.sh":     {[]string{"redis-server"}, "redis-server"},
	} {
		for name, machine := range map[string]struct {
			programs  map[string]string
			installed bool
			says      string
		}{
			"sudo without a password":  {map[string]string{"id": ordinary, "sudo": asRoot, "apt-get": noPackages}, true, "installing"},
			"sudo that wants one":      {map[string]string{"id": ordinary, "sudo": refuses, "apt-get": ""}, false, "as root"},
			"no sudo":                  {map[string]string{"id": ordinary, "apt-get": ""}, false, "as root"},
			"root":                     {map[string]string{"id": "echo 0", "apt-get": noPackages}, true, "installing"},
			"a system of another kind": {map[string]string{"id": ordinary, "sudo": asRoot}, false, "Debian's names"},
		} {
			m := newMachine(t, machine.programs)
			printed, called, err := m.run(t, script, row.args...)
			if err == nil || !strings.Contains(printed, machine.says) || !strings.Contains(printed, row.missing) {
				t.Errorf("%s, %s: %v, it says %q", script, name, err, printed)
			}
			install := false
			for line := range strings.Lines(called) {
				install = install || strings.HasPrefix(line, "apt-get") && strings.Contains(line, " install ") && strings.Contains(line, row.missing)
			}
			if install != machine.installed {
				t.Errorf("%s, %s: it calls %s", script, name, called)
			}
		}
	}
}

// TestFault_C15_HomebrewsServersAreFound in Homebrew's folder, which is not in every PATH, and what is missing is named as there.
func TestFault_C15_HomebrewsServersAreFound(t *testing.T) {
	m := newMachine(t, map[string]string{"id": ordinary})
	m.program(t, "brew", "echo "+m.bin+"/homebrew")
	printed, _, err := m.run(t, "scripts/with-deps.sh", "true")
	if err == nil || !strings.Contains(printed, "brew install postgresql@17 redis") {
		t.Errorf("with nothing installed: %v, %q", err, printed)
	}
	m.everything(t)
	m.program(t, "homebrew/opt/postgresql@9/bin/initdb", refuses)
	m.program(t, "homebrew/opt/postgresql@99/bin/initdb", "echo the newest >&2; exit 1")
	printed, called, err := m.run(t, "scripts/with-deps.sh", "true")
	log, _ := os.ReadFile(filepath.Join(m.bin, "deps", "initdb.log")) // it is compared
	if err == nil || !strings.Contains(string(log), "the newest") {
		t.Errorf("it does not start Homebrew's newest PostgreSQL: %v, %q, it calls %s", err, printed, called)
	}
}

// everything adds what with-deps.sh needs, but PostgreSQL's programs, in Homebrew's folder, and makes the folder of its files.
func (m machine) everything(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"redis-server", "nginx", "haproxy", "pgbouncer", "jq", "chromium", "node", "npm", "python3", "flock", "rm", "chmod", "mkdir", "cat",
	} {
		m.program(t, "homebrew/bin/"+name, "")
	}
	m.program(t, "homebrew/bin/mktemp", "echo "+m.bin+"/deps")
	m.program(t, "homebrew/bin/df", "echo Filesystem; echo disk 200 195 5 97% /tmp")
	if err := os.MkdirAll(filepath.Join(m.bin, "deps", "pg"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestAServerThatDoesNotStartSaysWhy before its log is deleted, with the space that is left.
func TestAServerThatDoesNotStartSaysWhy(t *testing.T) {
	m := newMachine(t, map[string]string{"id": ordinary})
	m.program(t, "brew", "echo "+m.bin+"/homebrew")
	m.everything(t)
	m.program(t, "homebrew/opt/postgresql@99/bin/initdb", "")
	m.program(t, "homebrew/opt/postgresql@99/bin/pg_ctl", "echo could not write the lock file >"+m.bin+"/deps/pg/log; exit 1")
	printed, _, err := m.run(t, "scripts/with-deps.sh", "true")
	if err == nil || !strings.Contains(printed, "could not write the lock file") || !strings.Contains(printed, "disk 200 195 5") {
		t.Errorf("%v, it says %q", err, printed)
	}
}

// TestTestsThatNeedMoreSpaceThanIsLeftDoNotBegin, and say how much they need.
func TestTestsThatNeedMoreSpaceThanIsLeftDoNotBegin(t *testing.T) {
	for needed, begins := range map[string]bool{"5": true, "6": false} {
		m := newMachine(t, map[string]string{"id": ordinary})
		m.program(t, "brew", "echo "+m.bin+"/homebrew")
		m.everything(t)
		m.program(t, "homebrew/opt/postgresql@99/bin/initdb", refuses)
		printed, called, err := m.run(t, "scripts/with-deps.sh", "--space", needed, "true")
		if err == nil || strings.Contains(called, "initdb") != begins || strings.Contains(printed, "the tests need 6 MB") == begins {
			t.Errorf("%s MB needed, 5 left: %v, it says %q and calls %s", needed, err, printed, called)
		}
	}
}
