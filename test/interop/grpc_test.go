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

// TestFault_D7_TheExamplesOfOtherLanguagesRun extracts the examples from docs/grpc.md and runs them
// against separate processes with production certificates, with a live token and with a revoked one.
func TestFault_D7_TheExamplesOfOtherLanguagesRun(t *testing.T) {
	install(t)
	e := newExamples(t)
	for name, run := range map[string]func(*testing.T, string) string{"node": e.node, "python": e.python} {
		t.Run(name, func(t *testing.T) { e.introspect(t, run) })
	}
	t.Run("access", e.access)
}

// TestTheExamplesOfOtherLanguagesRunInDevelopment, with the lines of the section of that name, against `usher dev`.
func TestTheExamplesOfOtherLanguagesRunInDevelopment(t *testing.T) {
	install(t)
	e := newDevelopmentExamples(t)
	for name, run := range map[string]func(*testing.T, string) string{"node": e.node, "python": e.python} {
		t.Run(name, func(t *testing.T) { e.introspect(t, run) })
	}
	t.Run("access", e.access)
}

// TestFault_D7_TheProtosCompileWithoutMore compiles the four files that docs/grpc.md lists, with a
// protobuf compiler and no other file.
func TestFault_D7_TheProtosCompileWithoutMore(t *testing.T) {
	install(t)
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

// production starts separate processes with mutual TLS.
func production(t *testing.T) *harness.Deployment {
	t.Helper()
	dir := t.TempDir()
	bins, err := harness.Build(filepath.Join(dir, "bin"))
	if err != nil {
		t.Fatal(err)
	}
	servers, err := harness.NewServers(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	d, err := harness.Processes(bins, dir, servers, harness.WithLongTimeouts(nil))
	if err != nil {
		t.Fatal(err)
	}
	d.Own = servers
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// examples runs the code blocks of docs/grpc.md.
type examples struct {
	deployment *harness.Deployment
	// address is that of the token service.
	address string
	dir     string
	blocks  map[string]string
}

// newExamples starts a production deployment and issues the certificate of a resource server.
func newExamples(t *testing.T) examples {
	t.Helper()
	e := examples{deployment: production(t), dir: t.TempDir(), blocks: blocks(t, "grpc.md")}
	if _, err := e.deployment.TLS("video-api", "token"); err != nil { // issues the certificate
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(e.deployment.GRPCAddr("token"), ":")
	e.address = "localhost:" + port
	return e
}

// newDevelopmentExamples replaces the certificate in the examples as docs/grpc.md says at "In development".
func newDevelopmentExamples(t *testing.T) examples {
	t.Helper()
	e := examples{deployment: usher.Deployment, address: usher.TokenAddr, dir: t.TempDir(), blocks: blocks(t, "grpc.md")}
	for example, statement := range map[string][2]string{
		"js test": {"const credentials", ";\n"}, "js access": {"const credentials", ";\n"},
		"python test": {"credentials =", "as channel:\n"}, "java test": {"    var credentials", ".build();\n"},
	} {
		language, _, _ := strings.Cut(example, " ")
		before, rest, found := strings.Cut(e.blocks[example], statement[0])
		_, after, ended := strings.Cut(rest, statement[1])
		if !found || !ended || e.blocks[language+" development"] == "" {
			t.Fatalf("docs/grpc.md has no certificate in %s, or nothing in its place", example)
		}
		e.blocks[example] = before + e.blocks[language+" development"] + after
	}
	return e
}

// introspect runs an example with a live token and with a revoked one.
func (e examples) introspect(t *testing.T, run func(*testing.T, string) string) {
	t.Helper()
	tokens, err := e.deployment.Issue(e.deployment.NewBrowser(), harness.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, tokens.Access); !strings.HasPrefix(got, "usr_john videos:read") {
		t.Errorf("for a live token the example prints %q", got)
	}
	if got := run(t, "vdo_oat_nothing"); got != "inactive" {
		t.Errorf("for a revoked token the example prints %q", got)
	}
}

// access runs the example that asks for a decision, with a live token and with a revoked one.
func (e examples) access(t *testing.T) {
	tokens, err := e.deployment.Issue(e.deployment.NewBrowser(), harness.Request{})
	if err != nil {
		t.Fatal(err)
	}
	file := nodeFile(t, "access", withLongDeadline(e.blocks["js access"]))
	for token, want := range map[string]string{tokens.Access: "usr_john videos:read", "vdo_oat_nothing": "401 authentication_error"} {
		got := e.command(t, "env", append(e.environ(t, token), absolute(t, "bin/clients/node-bin"), file)...)
		if !strings.HasPrefix(got, want) {
			t.Errorf("the example prints %q, want %q", got, want)
		}
	}
}

// withLongDeadline replaces the deadline of an example's calls with one that only a hang reaches.
func withLongDeadline(example string) string {
	return strings.NewReplacer("Date.now() + 10_000", "Date.now() + 600_000", "timeout=10)", "timeout=600)",
		"withDeadlineAfter(10,", "withDeadlineAfter(600,").Replace(example)
}

func (e examples) node(t *testing.T, token string) string {
	t.Helper()
	file := nodeFile(t, "grpc", withLongDeadline(e.blocks["js test"]))
	return e.command(t, "env", append(e.environ(t, token), absolute(t, "bin/clients/node-bin"), file)...)
}

func (e examples) python(t *testing.T, token string) string {
	t.Helper()
	e.command(t, "env", append(e.environ(t, token), "sh", "-c", e.blocks["sh test"])...)
	file := filepath.Join(e.dir, "example.py")
	if err := os.WriteFile(file, []byte(withLongDeadline(e.blocks["python test"])), 0o600); err != nil {
		t.Fatal(err)
	}
	return e.command(t, "env", append(e.environ(t, token), "python3", file)...)
}

// environ returns the environment variables that the examples read.
func (e examples) environ(t *testing.T, token string) []string {
	t.Helper()
	in := func(file string) string { return filepath.Join(e.deployment.Dir(), file) }
	return []string{
		"ADDRESS=" + e.address, "PROTO=" + absolute(t, "proto"), "TOKEN=" + token,
		"CA=" + in("ca.pem"), "CERT=" + in("video-api.pem"), "KEY=" + in("video-api.key"),
	}
}

// command runs a command in the folder of the examples and returns its output, without the last
// line break.
func (e examples) command(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = e.dir, append(os.Environ(), "PYTHONPATH="+absolute(t, "bin/clients/python")+":"+e.dir)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %.200s: %v\n%s%s", name, strings.Join(args, " "), err, out, errs.String())
	}
	return strings.TrimSpace(string(out))
}
