package module_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/ushertest"
)

const (
	root    = "../.."
	genPath = "github.com/vidocu/usher/gen"
	sdkPath = "github.com/vidocu/usher/sdk"
)

// TestFault_D1_AModuleOutsideTheRepositoryImportsTheSDK publishes gen and sdk to a module proxy in
// a folder, writes a module that requires the SDK at its version, builds it without the workspace,
// and introspects a token with it.
func TestFault_D1_AModuleOutsideTheRepositoryImportsTheSDK(t *testing.T) {
	version := requiredVersion(t, filepath.Join(root, "sdk", "go.mod"), genPath)
	proxy := t.TempDir()
	publish(t, proxy, module.Version{Path: genPath, Version: version}, "gen")
	publish(t, proxy, module.Version{Path: sdkPath, Version: version}, "sdk")

	server := ushertest.New()
	address, stop, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	bearer := server.Issue(&tokenv1.IntrospectTokenResponse{
		Kind: tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN, Sub: "usr_outside", Scope: "videos:read", Plan: "pro",
	})

	consumer := newConsumer(t, version)
	binary := filepath.Join(t.TempDir(), "consumer")
	consumer.run(t, proxy, "go", "build", "-o", binary, ".")
	got := consumer.run(t, proxy, binary, address, bearer)
	want := "usr_outside " + tokenv1.IntrospectionService_IntrospectToken_FullMethodName
	if strings.TrimSpace(got) != want {
		t.Errorf("the consumer prints %q, want %q", got, want)
	}
}

// TestFault_D1_TheModulesAgreeOnOneVersion checks that the root module and the SDK require the same
// version of gen and sdk, which scripts/release tags.
func TestFault_D1_TheModulesAgreeOnOneVersion(t *testing.T) {
	want := requiredVersion(t, filepath.Join(root, "sdk", "go.mod"), genPath)
	for _, path := range []string{genPath, sdkPath} {
		if got := requiredVersion(t, filepath.Join(root, "go.mod"), path); got != want {
			t.Errorf("go.mod requires %s %s, but sdk/go.mod requires %s %s", path, got, genPath, want)
		}
	}
	if want == "v0.0.0" {
		t.Error("v0.0.0 cannot be published")
	}
}

// consumer is a module outside the repository.
type consumer struct{ dir string }

func newConsumer(t *testing.T, version string) consumer {
	t.Helper()
	c := consumer{dir: t.TempDir()}
	source, err := os.ReadFile(filepath.Join("testdata", "consumer", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(c.dir, "main.go"), source)
	write(t, filepath.Join(c.dir, "go.mod"), fmt.Appendf(nil,
		"module example.com/consumer\n\ngo 1.26.0\n\nrequire (\n\t%s %s\n\t%s %s\n)\n", genPath, version, sdkPath, version))
	return c
}

// run runs a command in the consumer's folder. Modules come from the folder proxy, from the module
// cache with which the workspace was built, and last from the GOPROXY of the environment, which a
// machine needs once: alone, the SDK requires other versions of some modules than the workspace does.
func (c consumer) run(t *testing.T, proxy, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.Fields(string(out))
	if len(settings) != 2 {
		t.Fatalf("go env prints %q, want a folder and a proxy", out)
	}
	downloads := filepath.Join(settings[0], "cache", "download")
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(),
		"GOWORK=off", "GOFLAGS=-mod=mod -modcacherw -trimpath", "GOSUMDB=off",
		"GOMODCACHE="+filepath.Join(proxy, "modcache"), "GOPROXY=file://"+proxy+",file://"+downloads+","+settings[1])
	out, err = cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// publish writes a folder of the repository as a version of a module, in the layout of a module
// proxy.
func publish(t *testing.T, proxy string, m module.Version, folder string) {
	t.Helper()
	dir := filepath.Join(proxy, filepath.FromSlash(m.Path), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, folder, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := json.Marshal(map[string]any{"Version": m.Version, "Time": time.Unix(0, 0).UTC()})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, m.Version+".mod"), mod)
	write(t, filepath.Join(dir, m.Version+".info"), info)
	write(t, filepath.Join(dir, "list"), []byte(m.Version+"\n"))
	archive, err := os.Create(filepath.Join(dir, m.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.CreateFromDir(archive, m, filepath.Join(root, folder)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
}

// requiredVersion returns the version at which a go.mod requires a module.
func requiredVersion(t *testing.T, file, path string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := modfile.Parse(file, content, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, require := range parsed.Require {
		if require.Mod.Path == path {
			return require.Mod.Version
		}
	}
	t.Fatalf("%s does not require %s", file, path)
	return ""
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
