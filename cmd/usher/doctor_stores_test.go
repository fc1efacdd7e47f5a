package main

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/vidocu/usher/cmd/usher/internal/doctor"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/test/harness"
)

// statements returns the SQL that docs/kubernetes.md marks with a word, for another role than the page's.
func statements(t *testing.T, word, role string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "kubernetes.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```sql " + word + "\n(.*?)```").FindStringSubmatch(string(text))
	if block == nil {
		t.Fatalf("docs/kubernetes.md has no block `sql %s`", word)
	}
	for line := range strings.Lines(block[1]) {
		statement := strings.ReplaceAll(strings.TrimSpace(line), " TO authz;", " TO "+role)
		if statement == "" {
			continue
		}
		if !strings.HasSuffix(statement, role) {
			t.Fatalf("%s does not name the service's role", statement)
		}
		all = append(all, statement)
	}
	return all
}

// twoRoles is a database whose schema one role owns and another one uses.
type twoRoles struct{ service, owner, own, role string }

// newTwoRoles creates the database and the roles of a service as docs/kubernetes.md says, up to the privileges.
func newTwoRoles(t *testing.T, service string) twoRoles {
	t.Helper()
	server := os.Getenv("USHER_TEST_POSTGRES_URL")
	database := strings.ToLower(secret.NewID(service))
	d := twoRoles{service: service, role: database + "_service"}
	owner := database + "_owner"
	as := func(role string) string {
		u, err := url.Parse(server)
		if err != nil {
			t.Fatal(err)
		}
		if role != "" {
			u.User = url.UserPassword(role, "sentinel")
		}
		u.Path = "/" + database
		return u.String()
	}
	d.owner, d.own = as(owner), as(d.role)
	runSQL(t, server, "CREATE ROLE "+owner+" LOGIN PASSWORD 'sentinel'", "CREATE ROLE "+d.role+" LOGIN PASSWORD 'sentinel'", "CREATE DATABASE "+database+" OWNER "+owner)
	t.Cleanup(func() {
		runSQL(t, server, "DROP DATABASE "+database+" WITH (FORCE)", "DROP ROLE "+owner, "DROP ROLE "+d.role)
	})
	return d
}

// runSQL runs statements one by one.
func runSQL(t *testing.T, at string, statements ...string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // at the end of a test too
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(at), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// migrated applies all migrations as the owner, and examines the database as the service's role.
func (d twoRoles) migrated(t *testing.T) map[string]doctor.Finding {
	t.Helper()
	variable := "USHER_" + strings.ToUpper(d.service) + "_DATABASE_URL"
	if up := usher(t, t.TempDir(), []string{variable + "=" + d.owner}, "migrate", "up"); up.status != 0 {
		t.Fatalf("migrating: %+v", up)
	}
	console := newConsole(t)
	t.Setenv(variable, d.own)
	findings, _ := examine(t, console)
	return findings
}

// TestTheDefaultPrivilegesOfThePageAreEnough for each role that only reads and writes, and the doctor says so. UPGRADE.md has the
// same statements.
func TestTheDefaultPrivilegesOfThePageAreEnough(t *testing.T) {
	notes, err := os.ReadFile(filepath.Join("..", "..", "UPGRADE.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements(t, "before", "authz") {
		if !strings.Contains(string(notes), "`"+statement+"`") {
			t.Errorf("UPGRADE.md does not have %s", statement)
		}
	}
	for _, service := range []string{"identity", "authz", "consent"} {
		t.Run(service, func(t *testing.T) {
			d := newTwoRoles(t, service)
			runSQL(t, d.owner, statements(t, "before", d.role)...)
			findings := d.migrated(t)
			for _, check := range []string{service + " database", service + " privileges"} {
				if f := findings[check]; f.State != doctor.OK {
					t.Errorf("%s: %+v", check, f)
				}
			}
		})
	}
}

// TestTheDoctorNamesTablesThatARoleMayNotUse, as when the owner granted what there was and a later release has added a table; the
// page's statements repair it.
func TestTheDoctorNamesTablesThatARoleMayNotUse(t *testing.T) {
	d := newTwoRoles(t, "authz")
	repair := statements(t, "after", d.role)
	runSQL(t, d.owner, statements(t, "before", d.role)...)
	d.migrated(t)
	for object, statement := range map[string]string{
		"client_version": "REVOKE ALL ON client_version FROM ", "clients": "REVOKE DELETE ON clients FROM ",
	} {
		runSQL(t, d.owner, statement+d.role)
		if f := d.migrated(t)["authz privileges"]; f.State != doctor.Wrong || !strings.Contains(f.Text, object) || !strings.Contains(f.Fix, "kubernetes.md") {
			t.Errorf("without %s it found %+v", object, f)
		}
		runSQL(t, d.owner, repair...)
		if f := d.migrated(t)["authz privileges"]; f.State != doctor.OK {
			t.Errorf("after the page's statements it found %+v", f)
		}
	}
}

// TestTheDoctorNamesASchemaThatARoleMayNotUse, as after DROP SCHEMA and CREATE SCHEMA: the tables look
// missing, and `usher migrate up` would not help. The page's statements repair it.
func TestTheDoctorNamesASchemaThatARoleMayNotUse(t *testing.T) {
	d := newTwoRoles(t, "authz")
	repair := statements(t, "after", d.role)
	runSQL(t, d.owner, statements(t, "before", d.role)...)
	d.migrated(t)
	runSQL(t, d.owner, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
	f := d.migrated(t)["authz database"]
	if f.State != doctor.Wrong || !strings.Contains(f.Text, "USAGE") || !strings.Contains(f.Text, d.role) || strings.Contains(f.Text+f.Fix, "migrate up") || !strings.Contains(f.Fix, "kubernetes.md") {
		t.Errorf("without USAGE it found %+v", f)
	}
	runSQL(t, d.owner, repair...)
	for _, check := range []string{"authz database", "authz privileges"} {
		if f := d.migrated(t)[check]; f.State != doctor.OK {
			t.Errorf("after the page's statements it found %+v", f)
		}
	}
}

// TestTheDoctorWarnsOfARedisThatDeletes entries before they expire.
func TestTheDoctorWarnsOfARedisThatDeletes(t *testing.T) {
	addr, stop, err := harness.StartOwnRedis(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	server := redis.NewClient(&redis.Options{Addr: addr})
	defer server.Close()
	d := healthy(t)
	t.Setenv("USHER_REDIS_ADDRS", addr)
	for _, c := range []struct {
		limit, policy string
		state         doctor.State
	}{
		{"0", "allkeys-lru", doctor.OK},
		{"64mb", "noeviction", doctor.OK},
		{"64mb", "allkeys-lru", doctor.Warning},
		{"64mb", "volatile-ttl", doctor.Warning},
	} {
		for name, value := range map[string]string{"maxmemory": c.limit, "maxmemory-policy": c.policy} {
			if err := server.ConfigSet(t.Context(), name, value).Err(); err != nil {
				t.Fatal(err)
			}
		}
		findings, r := examine(t, d)
		f := findings["redis memory"]
		if r.status != 0 || f.State != c.state || c.state == doctor.Warning && (!strings.Contains(f.Text, c.policy) || !strings.Contains(f.Fix, "noeviction")) {
			t.Errorf("with %s and %s it found %+v and ends with %d", c.limit, c.policy, f, r.status)
		}
	}
}
