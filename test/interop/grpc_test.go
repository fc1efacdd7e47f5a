package interop

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

const root = "../.."

// TestFault_D7_TheExamplesOfOtherLanguagesRun takes the examples out of docs/grpc.md and runs them against five processes with the
// certificates of production, with a live token and with a dead one.
func TestFault_D7_TheExamplesOfOtherLanguagesRun(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), "../../scripts/clients.sh").CombinedOutput(); err != nil {
		t.Fatalf("installing the clients: %v\n%s", err, out)
	}
	d := production(t)
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.TLS("video-api", "token"); err != nil { // issues the certificate
		t.Fatal(err)
	}
	e := examples{deployment: d, dir: t.TempDir(), blocks: blocks(t, filepath.Join(root, "docs", "grpc.md"))}
	for name, run := range map[string]func(*testing.T, string) string{"node": e.node, "python": e.python} {
		t.Run(name, func(t *testing.T) {
			if got := run(t, tokens.Access); !strings.HasPrefix(got, "usr_john videos:read") {
				t.Errorf("of a live token the example prints %q", got)
			}
			if got := run(t, "vdo_oat_nothing"); got != "inactive" {
				t.Errorf("of a dead token the example prints %q", got)
			}
		})
	}
}

// TestFault_D7_TheProtosCompileWithoutMore compiles the four files that docs/grpc.md names, with a protobuf compiler and nothing else.
func TestFault_D7_TheProtosCompileWithoutMore(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), "../../scripts/clients.sh").CombinedOutput(); err != nil {
		t.Fatalf("installing the clients: %v\n%s", err, out)
	}
	protos, files := t.TempDir(), []string{
		"usher/rpc/v1/options.proto", "usher/token/v1/introspection_service.proto",
		"usher/token/v1/access_service.proto", "usher/token/v1/revocation_service.proto",
	}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(root, "proto", file))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(protos, file)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "debug_redact") {
			t.Errorf("%s has the option debug_redact, which Debian's protoc 3.21 refuses", file)
		}
	}
	e := examples{dir: t.TempDir()}
	e.command(t, "python3", append([]string{"-m", "grpc_tools.protoc", "-I", protos, "--python_out=" + e.dir}, files...)...)
}

// production starts five processes with mutual TLS.
func production(t *testing.T) *harness.Deployment {
	t.Helper()
	dir := t.TempDir()
	bins, err := harness.Build(filepath.Join(dir, "bin"), false)
	if err != nil {
		t.Fatal(err)
	}
	servers, err := harness.NewServers(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	d, err := harness.FiveProcesses(bins, dir, servers, harness.Unhurried(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// examples runs the blocks of the page.
type examples struct {
	deployment *harness.Deployment
	dir        string
	blocks     map[string]string
}

func (e examples) node(t *testing.T, token string) string {
	t.Helper()
	// An import is looked for beside the importing file, hence the example stands beside the installed packages.
	file := filepath.Join(root, "bin", "clients", "node", "example.mjs")
	if err := os.WriteFile(file, []byte(e.blocks["js"]), 0o600); err != nil {
		t.Fatal(err)
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	return e.command(t, "env", append(e.environ(t, token), "node", absolute)...)
}

func (e examples) python(t *testing.T, token string) string {
	t.Helper()
	e.command(t, "env", append(e.environ(t, token), "sh", "-c", e.blocks["sh"])...)
	file := filepath.Join(e.dir, "example.py")
	if err := os.WriteFile(file, []byte(e.blocks["python"]), 0o600); err != nil {
		t.Fatal(err)
	}
	return e.command(t, "env", append(e.environ(t, token), "python3", file)...)
}

// environ says what the examples read.
func (e examples) environ(t *testing.T, token string) []string {
	t.Helper()
	protos, err := filepath.Abs(filepath.Join(root, "proto"))
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(e.deployment.GRPCAddr("token"), ":")
	in := func(file string) string { return filepath.Join(e.deployment.Dir(), file) }
	return []string{
		"ADDRESS=localhost:" + port, "PROTO=" + protos, "TOKEN=" + token,
		"CA=" + in("ca.pem"), "CERT=" + in("video-api.pem"), "KEY=" + in("video-api.key"),
	}
}

// command runs a command in the folder of the examples and returns what it prints, without the last line break.
func (e examples) command(t *testing.T, name string, args ...string) string {
	t.Helper()
	python, err := filepath.Abs(filepath.Join(root, "bin", "clients", "python"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = e.dir, append(os.Environ(), "PYTHONPATH="+python+":"+e.dir)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %.200s: %v\n%s%s", name, strings.Join(args, " "), err, out, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// blocks returns the fenced blocks of a page that are marked as tested, by language.
func blocks(t *testing.T, page string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for i, part := range strings.Split(string(text), "```") {
		language, code, ok := strings.Cut(part, " test\n")
		if i%2 == 1 && ok {
			found[language] = code
		}
	}
	return found
}
