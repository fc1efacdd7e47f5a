package authz_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/authz/internal/authztest"
)

func authenticate(id, proof string) *authzv1.AuthenticateClientRequest {
	return &authzv1.AuthenticateClientRequest{Credentials: []*authzv1.ClientCredentials{{ClientId: id, ClientSecret: proof}}}
}

func oerrUnavailable() error { return oerr.Unavailable(sqldb.ErrUnavailable) }

// dump returns all rows of the service's tables without their creation times.
func dump(t *testing.T, db *sqldb.DB) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), `
SELECT 'client ' || id || '|' || name || '|' || type || '|' || grant_types || '|' || scope || '|' || resource_server || '|' || disabled FROM clients
UNION ALL SELECT 'uri ' || client_id || '|' || position || '|' || uri FROM redirect_uris
UNION ALL SELECT 'secret ' || client_id || '|' || hex(hash) || '|' || coalesce(expires_at, '') FROM client_secrets
ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWireContract2_SeedingAgainChangesNothing(t *testing.T) {
	b := newBench(t) // newBench has seeded once
	once := dump(t, b.db)
	if len(once) != 4+2+3+2 {
		t.Errorf("4 clients with 5 redirect URIs and 2 secrets are %d rows: %q", len(once), once)
	}
	for _, change := range []string{
		"", // a restart
		"UPDATE clients SET disabled = TRUE, name = 'x', scope = '', grant_types = '', type = 'public'",
		"DELETE FROM redirect_uris",
		"UPDATE client_secrets SET expires_at = 1",
		"DELETE FROM clients WHERE id = 'vdo_client_public123'",
	} {
		if change != "" {
			if _, err := b.db.Exec(t.Context(), change); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.service.SeedDevelopment(t.Context(), publicURL+"/"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(once, dump(t, b.db)); diff != "" {
			t.Errorf("seeded after %q (-once +again):\n%s", change, diff)
		}
	}
}

func TestWireContract2_TheDocumentedClientsAuthenticate(t *testing.T) {
	b := newBench(t)
	for _, row := range []struct {
		id, proof string
		want      bool
	}{
		{"vdo_client_abc123", "vdo_secret_xyz789", true},
		{"vdo_client_abc123", "", false},
		{"vdo_client_public123", "", true},
		{"vdo_client_public123", "vdo_secret_xyz789", false},
		{"vdo_client_resource123", "vdo_secret_resource789", true},
		{"vdo_client_resource123", "vdo_secret_xyz789", false},
	} {
		res, err := b.clients.AuthenticateClient(t.Context(), authenticate(row.id, row.proof))
		if (err == nil) != row.want {
			t.Errorf("%s with %q: %v, want success %v", row.id, row.proof, err, row.want)
		}
		if resource := row.id == "vdo_client_resource123"; err == nil && res.GetClient().GetResourceServer() != resource {
			t.Errorf("%s is a resource server: %v", row.id, !resource)
		}
	}
}

func TestWireContract2_TheDocumentedAddressesAreRegistered(t *testing.T) {
	b := newBench(t)
	for _, row := range []struct {
		id, uri string
		want    bool
	}{
		{"vdo_client_abc123", callback, true},
		{"vdo_client_abc123", publicURL + "/demo/callback", true},
		{"vdo_client_abc123", "http://127.0.0.1/callback", false},
		{"vdo_client_public123", callback, true},
		{"vdo_client_public123", publicURL + "/demo/callback", true},
		{"vdo_client_public123", "http://127.0.0.1:49152/callback", true},
		{"vdo_client_resource123", callback, false},
		{"vdo_client_abc123", "/demo/callback", false},
	} {
		step := b.start(t, authztest.NativeQuery("client_id", row.id, "redirect_uri", row.uri), "john")
		if got := step.GetConsent() != nil; got != row.want || step.GetRedirect() != nil {
			t.Errorf("%s at %s: %v, want the consent screen %v", row.id, row.uri, step, row.want)
		}
	}
}

func TestAProductionStartRefusesEachDocumentedClient(t *testing.T) {
	service, db := newService(t, inproc.NewNetwork(), authztest.NewClock())
	if err := service.RefuseFixtures(t.Context()); err == nil {
		t.Error("a database without a schema passes as one without fixtures")
	}
	migrate(t, db)
	if err := service.RefuseFixtures(t.Context()); err != nil {
		t.Errorf("an empty database is refused: %v", err)
	}
	for _, id := range []string{"vdo_client_abc123", "vdo_client_public123", "vdo_client_device123", "vdo_client_resource123"} {
		if err := service.SeedDevelopment(t.Context(), publicURL); err != nil {
			t.Fatal(err)
		}
		// A disabled client could be enabled again.
		if _, err := db.Exec(t.Context(), "UPDATE clients SET disabled = TRUE"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(t.Context(), "DELETE FROM clients WHERE id <> $1", id); err != nil {
			t.Fatal(err)
		}
		if err := service.RefuseFixtures(t.Context()); err == nil || !strings.Contains(err.Error(), id) {
			t.Errorf("%s is registered, and a production start returns %v", id, err)
		}
	}
	_ = db.Close()
	if err := service.RefuseFixtures(t.Context()); !errors.Is(err, sqldb.ErrUnavailable) {
		t.Errorf("a closed database: %v, want ErrUnavailable", err)
	}
	if err := service.SeedDevelopment(t.Context(), publicURL); !errors.Is(err, sqldb.ErrUnavailable) {
		t.Errorf("seeding a closed database: %v, want ErrUnavailable", err)
	}
}
