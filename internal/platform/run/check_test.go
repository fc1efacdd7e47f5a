package run_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/test/harness"
)

// asToken makes this test binary run as the token process.
const asToken = "USHER_TEST_AS_TOKEN"

const (
	// serving makes it run until a signal.
	serving = "serving"
	// waiting makes its start wait for a dependency.
	waiting = "waiting"
)

func TestMain(m *testing.M) {
	if os.Getenv(asToken) == "" {
		m.Run()
		return
	}
	status := run.Main(run.Process[*process]{Name: "token", Config: defaults(), Start: func(ctx context.Context, h *run.Host, _ *process) error {
		if os.Getenv(asToken) == waiting {
			if err := h.ServeAdmin(); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		}
		if os.Getenv(asToken) != serving {
			return errors.New("it started")
		}
		if _, err := os.Stdout.WriteString("it serves\n"); err != nil {
			return err
		}
		h.Go(func(ctx context.Context) error {
			<-ctx.Done()
			return nil
		})
		return nil
	}})
	os.Exit(status) //nolint:forbidigo // this is a process's main here
}

// command runs the token process in a folder and returns its exit status, its output and its
// errors.
func command(t *testing.T, dir string, environ []string, args ...string) (status int, out, errs string) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir, cmd.Env = dir, append([]string{asToken + "=1"}, environ...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// ready returns a folder with certificates for token and authz, and a valid environment for token.
// The services in it do not exist.
func ready(t *testing.T) (dir string, environ []string) {
	t.Helper()
	dir = t.TempDir()
	authority, err := harness.NewAuthority(dir)
	must(t, err)
	for _, name := range []string{"token", "authz"} {
		must(t, authority.Issue(name))
	}
	must(t, os.WriteFile(filepath.Join(dir, "password"), []byte("sentinel\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "usher.yaml"), []byte("token: {life: 2h}\nredis: {password_file: password}\n"), 0o600))
	return dir, []string{
		"USHER_PUBLIC_URL=https://login.test", "USHER_TRUST_DOMAIN=" + harness.TrustDomain, "USHER_PEERS_AUTHZ=none.invalid:1",
		"USHER_PEERS_IDENTITY=none.invalid:1", "USHER_TLS_CERT_FILE=token.pem", "USHER_TLS_KEY_FILE=token.key", "USHER_TLS_CA_FILE=ca.pem",
	}
}

func TestCheckConfigSaysWhatIsSetAndFromWhereAndStartsNothing(t *testing.T) {
	dir, environ := ready(t)
	status, out, errs := command(t, dir, environ, "--config", "usher.yaml", "--check-config")
	if status != 0 || errs != "" || !strings.Contains(out, "configuration of token is fine") || strings.Contains(out+errs, "sentinel") {
		t.Fatalf("it ends with %d: %s%s", status, out, errs)
	}
	for _, row := range []string{"public_url https://login.test USHER_PUBLIC_URL", "token.life 2h usher.yaml", "peers.authz none.invalid:1 USHER_PEERS_AUTHZ"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), row) {
			t.Errorf("%q is not in\n%s", row, out)
		}
	}
	if status, _, errs = command(t, dir, environ, "--config", "usher.yaml"); status != 1 || !strings.Contains(errs, "it started") {
		t.Errorf("without the flag it does not start: %d, %s", status, errs)
	}
}

func TestCheckConfigNamesEveryFaultOnALineOfItsOwn(t *testing.T) {
	dir, environ := ready(t)
	must(t, os.WriteFile(filepath.Join(dir, "catalog.yaml"), []byte("scopes: 5\n"), 0o600))
	environ = append(environ, "USHER_TLS_CERT_FILE=authz.pem", "USHER_TLS_KEY_FILE=authz.key", "USHER_CATALOG_FILE=catalog.yaml",
		"USHER_HTTP_ADR=:1", "USHER_TOKEN_LIFE=-1s", "USHER_PEERS_AUTHZ=", "USHER_REDIS_PASSWORD_FILE=nowhere")
	status, out, errs := command(t, dir, environ, "--check-config")
	if status != 1 || out != "" {
		t.Errorf("it ends with %d and prints %s", status, out)
	}
	for _, want := range []string{
		"tls.cert_file: authz.pem is the certificate of authz", "catalog_file: ", "USHER_HTTP_ADR is not a setting", "token.life is -1s",
		"peers.authz is not set", "USHER_REDIS_PASSWORD_FILE: open nowhere",
	} {
		if !strings.Contains(errs, "\ntoken: "+want) && !strings.HasPrefix(errs, "token: "+want) {
			t.Errorf("no line says %q:\n%s", want, errs)
		}
	}
	if lines := strings.Count(errs, "\n"); lines != 6 {
		t.Errorf("%d lines for 6 faults:\n%s", lines, errs)
	}
}

func TestCheckConfigReadsTheCertificate(t *testing.T) {
	for name, c := range map[string]struct{ variable, want string }{
		"a key of another":  {"USHER_TLS_KEY_FILE=authz.key", "TLS certificate"},
		"no file":           {"USHER_TLS_CA_FILE=nowhere.pem", "nowhere.pem"},
		"another domain":    {"USHER_TRUST_DOMAIN=elsewhere.test", "spiffe://elsewhere.test/"},
		"another authority": {"USHER_TLS_CA_FILE=other/ca.pem", "do not vouch"},
	} {
		dir, environ := ready(t)
		must(t, os.Mkdir(filepath.Join(dir, "other"), 0o700))
		_, err := harness.NewAuthority(filepath.Join(dir, "other"))
		must(t, err)
		if status, _, errs := command(t, dir, append(environ, c.variable), "--check-config"); status != 1 || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: it ends with %d: %s", name, status, errs)
		}
	}
}
