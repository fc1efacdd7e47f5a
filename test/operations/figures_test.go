package operations

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/activity"
	"github.com/vidocu/usher/services/token"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// leaderLock matches what holds a connection outside the pool while its process is the leader.
var leaderLock = regexp.MustCompile(`cleanup\.Runner\{|\.LeaderLock\(`) //nolint:gochecknoglobals // never changed

// leaders counts the leader locks in the source of a service, without some of its files.
func leaders(t *testing.T, service string, without ...string) (n int) {
	t.Helper()
	root := filepath.Join("../../services", service)
	expect.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, name := range without {
			if path == filepath.Join(root, name) {
				return nil
			}
		}
		source, err := os.ReadFile(path)
		n += len(leaderLock.FindAll(source, -1))
		return err
	}))
	return n
}

// TestThePageCountsTheConnectionsOfLeaders as the services have them: activity follows every service
// with one lock each, and two locks of token exist with OpenID Connect alone.
func TestThePageCountsTheConnectionsOfLeaders(t *testing.T) {
	following := leaders(t, "activity") - 1 + len(activity.Sources())
	want := fmt.Sprintf("%d for token, %d with OpenID Connect, %d for activity, and %d each for identity, authz and consent",
		leaders(t, "token", "openid.go", "logout.go"), leaders(t, "token"), following, leaders(t, "identity"))
	page := strings.Join(strings.Fields(expect.File(t, "docs", "operations.md")), " ")
	if !strings.Contains(page, want) {
		t.Errorf("docs/operations.md does not say %q", want)
	}
	for _, service := range []string{"authz", "consent"} {
		expect.Equal(t, "leader locks of "+service, leaders(t, service), leaders(t, "identity"))
	}
}

// TestRowsThatAreNeverDeletedAreAsLargeAsThePageSays, with their indexes, within a tenth.
func TestRowsThatAreNeverDeletedAreAsLargeAsThePageSays(t *testing.T) {
	const rows = 50_000
	servers, err := harness.NewServers(t.Context())
	expect.NoError(t, err)
	t.Cleanup(func() { expect.NoError(t, servers.Drop()) })
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: secret.New(servers.Databases["token"])})
	expect.NoError(t, err)
	defer db.Close()
	expect.NoError(t, sqldb.Migrate(t.Context(), db, token.Migrations()))
	// id is SQL for an identifier with a prefix, of a number that the query names.
	id := func(prefix, number string) string {
		return fmt.Sprintf("'%s' || substr(md5((%s)::text), 1, %d)", prefix, number, len(secret.NewID("")))
	}
	user, workspace, client := id("usr_", "i"), id("ws_", "i / 10"), id("vdo_client_", "i % 50")
	page := expect.File(t, "docs", "operations.md")
	for _, c := range []struct{ table, values, figure string }{
		{"pairs", user + ", " + client + ", 0", `(\d+) bytes each`},
		{"revoked_subjects", "'grants/' || " + user + ", i, i", `(\d+) to \d+ bytes each`},
		{"revoked_subjects", "'connection/' || " + user + " || '/' || " + workspace + " || '/' || " + client + ", i, i", `\d+ to (\d+) bytes each`},
		{"ending_marks", user + ", 0", `(\d+) bytes each`},
	} {
		_, err := db.Exec(t.Context(), "TRUNCATE "+c.table)
		expect.NoError(t, err)
		_, err = db.Exec(t.Context(), fmt.Sprintf("INSERT INTO %s SELECT %s FROM generate_series(1, %d) AS i", c.table, c.values, rows))
		expect.NoError(t, err)
		var bytes int
		expect.NoError(t, db.QueryRow(t.Context(), `SELECT pg_total_relation_size($1::regclass)`, c.table).Scan(&bytes))
		line := regexp.MustCompile("(?m)^\\| `" + c.table + "` .*never; " + c.figure).FindStringSubmatch(page)
		if line == nil {
			t.Fatalf("docs/operations.md does not say how large the rows of %s are", c.table)
		}
		said, err := strconv.Atoi(line[1])
		expect.NoError(t, err)
		if measured := bytes / rows; measured < said*9/10 || measured > said*11/10 {
			t.Errorf("a row of %s has %d bytes, and the page says %d", c.table, measured, said)
		}
	}
}
