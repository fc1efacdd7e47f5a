package authz_test

import (
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// pairwise returns a registration with pairwise subjects.
func pairwise(redirectURIs ...string) *authzv1.CreateClientRequest {
	req := registration()
	req.RedirectUris, req.SubjectType = redirectURIs, authzv1.SubjectType_SUBJECT_TYPE_PAIRWISE
	return req
}

// TestOIDCCore_8_1_NativeClientsShareNoSector: their addresses are on the user's device, so that any two of
// them have the same host or the same authority behind a private-use scheme.
func TestOIDCCore_8_1_NativeClientsShareNoSector(t *testing.T) {
	b := newBench(t)
	for _, row := range [][]string{
		{"http://127.0.0.1/cb"},
		{"http://localhost/cb"},
		{"http://[::1]/cb", "http://127.0.0.1/cb", "http://localhost/cb"},
		{"com.example.app://callback/done", "http://127.0.0.1/cb"},
		{"com.example.app:/callback"},
		{"vscode://example.app/callback"},
	} {
		sectors := map[string]bool{}
		for range 2 {
			id, _ := b.register(t, pairwise(row...))
			found, err := b.operator(t).FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: id})
			if err != nil {
				t.Fatal(err)
			}
			sectors[found.GetRegistration().GetClient().GetSectorIdentifier()] = true
		}
		if len(sectors) != 2 || sectors[""] {
			t.Errorf("two clients at %v have the sectors %v", row, sectors)
		}
	}
}

// TestOIDCCore_8_1_TheSectorOfAHostIsSharedByItsClients, and no address of another kind is added to either.
func TestOIDCCore_8_1_TheSectorOfAHostIsSharedByItsClients(t *testing.T) {
	b := newBench(t)
	operator := b.operator(t)
	web, _ := b.register(t, pairwise("https://rp.example.com/cb"))
	native, _ := b.register(t, pairwise("http://127.0.0.1/cb"))
	found, err := operator.FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: web})
	if sector := found.GetRegistration().GetClient().GetSectorIdentifier(); err != nil || sector != "rp.example.com" {
		t.Errorf("the sector of a web client is %q, %v", sector, err)
	}
	for _, row := range []struct {
		id, uri string
		ok      bool
	}{
		{web, "https://rp.example.com/other", true},
		{web, "https://other.example.com/cb", false},
		{web, "http://127.0.0.1/cb", false},
		{web, "com.example.app://rp.example.com/cb", false},
		{native, "http://localhost/other", true},
		{native, "com.example.app:/cb", true},
		{native, "https://rp.example.com/cb", false},
	} {
		_, err := operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: row.id, RedirectUris: []string{row.uri}})
		if (err == nil) != row.ok {
			t.Errorf("%s at %s: %v", row.id, row.uri, err)
		}
	}
	for _, device := range []string{"http://127.0.0.1/cb", "com.example.app://rp.example.com/cb"} { // any client may have that authority
		if _, err := operator.CreateClient(t.Context(), pairwise("https://rp.example.com/cb", device)); err == nil {
			t.Errorf("a client is registered with a host and %s", device)
		}
	}
}

// TestOIDCCore_8_1_AStoredSectorIsKept: every subject of the client would change with it. Earlier builds stored
// the host of a loopback address, and the authority behind a private-use scheme.
func TestOIDCCore_8_1_AStoredSectorIsKept(t *testing.T) {
	b := newBench(t)
	operator := b.operator(t)
	for sector, uris := range map[string][]string{
		"127.0.0.1": {"http://127.0.0.1/cb", "http://127.0.0.1/other"},
		"callback":  {"com.example.app://callback/done", "com.example.app://callback/other"},
	} {
		id, _ := b.register(t, pairwise(uris[0]))
		if _, err := b.db.Exec(t.Context(), "UPDATE clients SET sector = $1 WHERE id = $2", sector, id); err != nil {
			t.Fatal(err)
		}
		res, err := operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, RedirectUris: uris})
		if got := res.GetRegistration().GetClient().GetSectorIdentifier(); err != nil || got != sector {
			t.Errorf("the sector %q of %v is %q after a change, %v", sector, uris, got, err)
		}
		if _, err := operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, RedirectUris: []string{"https://rp.example.com/cb"}}); err == nil {
			t.Errorf("the client of the sector %q gets another host", sector)
		}
	}
}
