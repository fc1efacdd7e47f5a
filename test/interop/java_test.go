//go:build slow

package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFault_D7_TheExampleInJavaRuns as those of Node and Python do, built by the project file in
// docs/grpc.md.
func TestFault_D7_TheExampleInJavaRuns(t *testing.T) {
	e := newJava(t)
	e.introspect(t, func(t *testing.T, token string) string {
		t.Helper()
		return e.run(t, []string{"KEY=key.pem", "TOKEN=" + token}, e.blocks["sh java"])
	})
}

// TestTheExampleInJavaRunsInDevelopment, with the line of the section of that name, against `usher dev`.
func TestTheExampleInJavaRunsInDevelopment(t *testing.T) {
	e := javaProject(t, newDevelopmentExamples(t))
	e.introspect(t, func(t *testing.T, token string) string {
		t.Helper()
		return e.run(t, []string{"TOKEN=" + token}, e.blocks["sh java"])
	})
}

// TestFault_D11_JavaPrintsTokensAndMayNotCompress, and requires its key in PKCS#8, as docs/grpc.md
// says.
func TestFault_D11_JavaPrintsTokensAndMayNotCompress(t *testing.T) {
	e := newJava(t)
	arguments := strings.TrimSpace(e.blocks["sh java"]) + " -Dexec.mainClass=MessageOutput"
	got := e.run(t, []string{"KEY=key.pem"}, arguments)
	if strings.Count(got, `token: "vdo_oat_shown"`) != 2 {
		t.Errorf("Java's messages no longer print tokens, as docs/grpc.md says: %s", got)
	}
	if want := `UNIMPLEMENTED: grpc: Decompressor is not installed for grpc-encoding "gzip"`; !strings.HasSuffix(got, want) {
		t.Errorf("a compressed call ends with %q, want %q", got, want)
	}
	if refused := e.run(t, nil, arguments+" 2>&1 || true"); !strings.Contains(refused, "valid private key") {
		t.Errorf("a key that is not PKCS#8 is not refused: %s", refused)
	}
}

// java is the project of docs/grpc.md.
type java struct{ examples }

// newJava writes the project with the example and converts the certificate's key.
func newJava(t *testing.T) java {
	t.Helper()
	e := javaProject(t, newExamples(t))
	e.command(t, "env", append(e.environ(t, ""), "sh", "-c", e.blocks["sh pkcs8"])...)
	return e
}

// javaProject writes the project with the example.
func javaProject(t *testing.T, of examples) java {
	t.Helper()
	e := java{of}
	sources := filepath.Join(e.dir, "src", "main", "java")
	if err := os.MkdirAll(sources, 0o700); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		filepath.Join(root, "tools", "clients", "grpc-java", "pom.xml"): filepath.Join(e.dir, "pom.xml"),
		filepath.Join("testdata", "MessageOutput.java"):                 filepath.Join(sources, "MessageOutput.java"),
	} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(sources, "Introspect.java"), []byte(withLongDeadline(e.blocks["java test"])), 0o600); err != nil {
		t.Fatal(err)
	}
	return e
}

// run runs a command of the page in the project and returns its output, without Maven's escape
// sequence that resets the terminal's colours.
func (e java) run(t *testing.T, env []string, command string) string {
	t.Helper()
	env = append(append(e.environ(t, ""), "MAVEN_OPTS="+localRepository(t)), env...)
	return strings.TrimSpace(strings.ReplaceAll(e.command(t, "env", append(env, "sh", "-c", command)...), "\x1b[0m", ""))
}

// localRepository makes Maven store its downloads below bin.
func localRepository(t *testing.T) string {
	t.Helper()
	return "-Dmaven.repo.local=" + absolute(t, "bin/clients/maven")
}
