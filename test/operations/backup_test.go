package operations

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
)

// services are those with a database, in the order of a restore.
func services() []string { return []string{"identity", "authz", "token", "consent", "activity"} }

// recorder stands in for a command that the test must not run, and records that it ran.
const recorder = `#!/bin/sh
echo "$(basename "$0") $*" >>"$RECORD"
`

// TestABackupOrRestoreWithoutAURLTouchesNoDatabase: PostgreSQL's commands take an empty argument for
// their default database. A service that reads its URL from a file leaves its variable unset, and a
// page is also pasted into a shell that does not stop at errors.
func TestABackupOrRestoreWithoutAURLTouchesNoDatabase(t *testing.T) {
	blocks, err := readBlocks(pages()[0])
	expect.NoError(t, err)
	for _, row := range []struct{ heading, missing string }{
		{"Back up", "USHER_ACTIVITY_DATABASE_URL"}, {"Restore", "USHER_TOKEN_DATABASE_URL"}, {"Restore", "USHER_REDIS_ADDRS"},
	} {
		heading, missing := row.heading, row.missing
		ran := 0
		for _, b := range blocks {
			if b.heading != heading || !strings.Contains(b.text, `"${!url:?`) {
				continue
			}
			ran++
			out, record, err := withoutURL(t, b.text, missing)
			if err == nil || !strings.Contains(out, missing+" is not set") {
				t.Errorf("%s: without %s it ended with %v, and said\n%s", heading, missing, err, out)
			}
			for _, command := range []string{"pg_dump", "-c DROP", "--dbname", "redis-cli", "systemctl"} {
				if strings.Contains(record, command) {
					t.Errorf("%s: without %s it ran\n%s", heading, missing, record)
				}
			}
		}
		if ran != 1 {
			t.Errorf("%s has %d blocks with URLs, want 1", heading, ran)
		}
	}
}

// withoutURL runs commands in a plain shell in which one variable is not set; the commands that
// it calls are only recorded.
func withoutURL(t *testing.T, text, missing string) (out, record string, err error) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"pg_dump", "pg_restore", "psql", "redis-cli", "systemctl", "usher"} {
		expect.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(recorder), 0o700))
	}
	list := filepath.Join(dir, "record")
	cmd := exec.CommandContext(t.Context(), "bash", "-c", text)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "RECORD=" + list}
	set := map[string]string{"USHER_REDIS_ADDRS": "127.0.0.1:1"}
	for _, service := range services() {
		set["USHER_"+strings.ToUpper(service)+"_DATABASE_URL"] = "postgres://127.0.0.1:1/" + service
	}
	for variable, value := range set {
		if variable != missing {
			cmd.Env = append(cmd.Env, variable+"="+value)
		}
	}
	all, err := cmd.CombinedOutput()
	recorded, _ := os.ReadFile(list) // absent where nothing ran
	return string(all), string(recorded), err
}
