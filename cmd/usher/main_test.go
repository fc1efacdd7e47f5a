package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/config"
)

// asUsher makes this test binary be usher itself.
const asUsher = "USHER_TEST_AS_USHER"

func TestMain(m *testing.M) {
	if os.Getenv(asUsher) != "" {
		main()
		return
	}
	m.Run()
}

// result is what a command leaves.
type result struct {
	status      int
	out, errors string
}

// usher runs the command in a folder with these variables and no others of ours.
func usher(t *testing.T, dir string, environ []string, args ...string) result {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir, cmd.Env = dir, append([]string{asUsher + "=1", "PATH=" + os.Getenv("PATH"), "GORACE=" + os.Getenv("GORACE")}, environ...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

func TestConfigListsEverySettingOfEveryProcess(t *testing.T) {
	r := usher(t, t.TempDir(), []string{"USHER_REDIS_PASSWORD=hunter2"}, "config")
	if r.status != 0 || strings.Contains(r.out, "hunter2") {
		t.Fatalf("it ends with %d: %s", r.status, r.errors)
	}
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	all := config.Settings(defaults())
	if len(lines) != len(all)+1 {
		t.Errorf("%d lines for %d settings", len(lines)-1, len(all))
	}
	for i, s := range all {
		line := lines[i+1]
		if !strings.HasPrefix(line, s.Key+" ") || !strings.Contains(line, " "+s.Env+" ") || s.Help == "" || !strings.HasSuffix(line, s.Help) {
			t.Errorf("the line of %s is %q", s.Key, line)
		}
		if s.Secret != strings.Contains(line, s.Env+"_FILE") {
			t.Errorf("%s does not say rightly whether a file may hold it: %q", s.Key, line)
		}
	}
	for _, key := range []string{"public_url", "identity.database_url", "authz.database_url", "token.database_url", "consent.database_url", "gateway.call_timeout"} {
		if !strings.Contains(r.out, "\n"+key+" ") {
			t.Errorf("%s is not listed", key)
		}
	}
}

// sqliteURLs are variables with URLs of fresh SQLite files in dir.
func sqliteURLs(dir string, services ...string) (environ []string) {
	for _, s := range services {
		environ = append(environ, "USHER_"+strings.ToUpper(s)+"_DATABASE_URL=sqlite:"+filepath.Join(dir, s+".db"))
	}
	return environ
}

func TestMigrateBringsEveryDatabaseUpToDateAndStatusTells(t *testing.T) {
	dir := t.TempDir()
	services := []string{"identity", "authz", "token", "consent"}
	environ := sqliteURLs(dir, services...)

	before := usher(t, dir, environ, "migrate", "status")
	if before.status != 1 || !strings.Contains(before.errors, "usher migrate up") || strings.Contains(before.out, "applied") {
		t.Errorf("before: %+v", before)
	}
	for _, s := range services {
		if !strings.Contains(before.out, s+strings.Repeat(" ", 10-len(s))+"pending 00001_") {
			t.Errorf("the pending steps of %s are not listed: %s", s, before.out)
		}
	}
	for range 2 { // the second finds nothing to do
		up := usher(t, dir, environ, "migrate", "up")
		if up.status != 0 || strings.Count(up.out, ": up to date\n") != 4 {
			t.Errorf("up: %+v", up)
		}
	}
	after := usher(t, dir, environ, "migrate", "status")
	if after.status != 0 || strings.Contains(after.out, "pending") || strings.Count(after.out, "applied") != strings.Count(before.out, "pending") {
		t.Errorf("after: %+v", after)
	}
}

func TestMigrateTouchesOnlyWhatIsConfigured(t *testing.T) {
	dir := t.TempDir()
	up := usher(t, dir, sqliteURLs(dir, "token"), "migrate", "up")
	if up.status != 0 || up.out != "token: up to date\n" {
		t.Errorf("up: %+v", up)
	}
	if none := usher(t, dir, nil, "migrate", "up"); none.status != 1 || !strings.Contains(none.errors, "USHER_TOKEN_DATABASE_URL") {
		t.Errorf("without any database: %+v", none)
	}
}

func TestMigrateReadsTheSecretFromAFileAndTheSettingsFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	url := write("url", "sqlite:"+filepath.Join(dir, "token.db")+"\n")
	consent := write("consent-url", "sqlite:"+filepath.Join(dir, "consent.db"))
	settings := write("usher.yaml", "consent:\n  database_url_file: "+consent+"\n")
	up := usher(t, dir, []string{"USHER_TOKEN_DATABASE_URL_FILE=" + url}, "--config", settings, "migrate", "up")
	if up.status != 0 || up.out != "token: up to date\nconsent: up to date\n" {
		t.Errorf("up: %+v", up)
	}
}

func TestASlipInAVariableTouchesNoDatabase(t *testing.T) {
	dir := t.TempDir()
	environ := append(sqliteURLs(dir, "authz"), "USHER_TOKEN_DATABSE_URL=sqlite:"+filepath.Join(dir, "token.db"))
	up := usher(t, dir, environ, "migrate", "up")
	if up.status != 1 || up.out != "" || !strings.Contains(up.errors, "USHER_TOKEN_DATABSE_URL is not a setting: did you mean USHER_TOKEN_DATABASE_URL?") {
		t.Errorf("up: %+v", up)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func TestMigrateNamesTheDatabaseThatFailsAndNotItsPassword(t *testing.T) {
	dir := t.TempDir()
	r := usher(t, dir, []string{"USHER_AUTHZ_DATABASE_URL=postgres://usher:sentinel@127.0.0.1:1/usher?connect_timeout=1"}, "migrate", "up")
	if r.status != 1 || !strings.Contains(r.errors, "authz") || strings.Contains(r.errors+r.out, "sentinel") {
		t.Errorf("it ends with %+v", r)
	}
}

func TestDevRefusesProduction(t *testing.T) {
	for name, environ := range map[string][]string{
		"said so":                   {"USHER_DEVELOPMENT=false"},
		"with a public address":     {"USHER_DEVELOPMENT=false", "USHER_PUBLIC_URL=https://login.test"},
		"with a value that is none": {"USHER_DEVELOPMENT=perhaps"},
		"with a name that is none":  {"USHER_DEVELOPMNT=true"},
	} {
		dir := t.TempDir()
		r := usher(t, dir, environ, "dev")
		if r.status != 1 || r.errors == "" || strings.Contains(r.out, "is ready") {
			t.Errorf("%s: %+v", name, r)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: it left %v, %v", name, left, err)
		}
	}
	r := usher(t, t.TempDir(), []string{"USHER_DEVELOPMENT=false", "USHER_PUBLIC_URL=https://login.test"}, "dev")
	if !strings.Contains(r.errors, "usher dev is for development") {
		t.Errorf("it does not say why: %s", r.errors)
	}
}

func TestACommandThatIsNoneEndsWithTheUsage(t *testing.T) {
	if r := usher(t, t.TempDir(), nil, "serve"); r.status == 0 || !strings.Contains(r.out+r.errors, "migrate") {
		t.Errorf("it ends with %+v", r)
	}
}
