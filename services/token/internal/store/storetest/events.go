package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Events checks what the audit trail has of the end of a grant.
func Events(t *testing.T) {
	t.Run("the end of a client has an event in each workspace", func(t *testing.T) { each(t, eventsOfWorkspaces) })
	t.Run("the end of one grant has the event of its workspace", func(t *testing.T) { each(t, eventsOfGrants) })
	t.Run("an operator who finds no grant leaves no event", func(t *testing.T) { each(t, eventsOfNothing) })
	t.Run("the end of a client has no event for a user without a grant", func(t *testing.T) { each(t, eventsOfOthers) })
}

// eventsOfOthers: an administrator ends a client again and again, whose user may still have a code.
func eventsOfOthers(t *testing.T, b bench) {
	b.mustRedeem(t, codeOf("usr_john", "app", "ws_acme", "videos:read"))
	for range 2 {
		if _, err := b.EndClientInWorkspace(t.Context(), "app", "ws_acme", []string{"usr_john"}); err != nil {
			t.Fatal(err)
		}
	}
	b.wantEvents(t, "grant.workspace_ended ws_acme")
}

// wantEvents compares the events of John and one client, each as its kind and its workspace, and deletes them.
func (b bench) wantEvents(t *testing.T, want ...string) {
	t.Helper()
	read := sqldb.Read("reading events",
		`SELECT kind || ' ' || workspace_id FROM events WHERE user_id = 'usr_john' AND client_id = 'app' ORDER BY cursor`)
	got, err := sqldb.List(t.Context(), b.db, read, func(row sqldb.Row, e *string) error { return row.Scan(e) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
	if _, err := b.db.Exec(t.Context(), `DELETE FROM events`); err != nil {
		t.Fatal(err)
	}
}

func eventsOfWorkspaces(t *testing.T, b bench) {
	for _, workspace := range []string{"ws_doe", "ws_acme", "ws_acme", "ws_late"} {
		b.mustRedeem(t, codeOf("usr_john", "app", workspace, "videos:read"))
	}
	if err := b.EndConnectionIn(t.Context(), oauth.UserClient{UserID: "usr_john", ClientID: "app"}, "ws_doe"); err != nil {
		t.Fatal(err)
	}
	b.wantEvents(t, "grant.disconnected ws_doe")
	if err := b.EndConnection(t.Context(), "usr_john", "app"); err != nil {
		t.Fatal(err)
	}
	b.wantEvents(t, "grant.disconnected ws_acme", "grant.disconnected ws_late")
	if err := b.EndConnection(t.Context(), "usr_john", "app"); err != nil {
		t.Fatal(err)
	}
	b.wantEvents(t, "grant.disconnected ")
}

func eventsOfGrants(t *testing.T, b bench) {
	one, other := b.mustRedeem(t, codeOf("usr_john", "app", "ws_acme", "videos:read")), b.mustRedeem(t, codeOf("usr_john", "app", "ws_doe", "videos:read"))
	if _, err := b.RevokeAccess(t.Context(), one.access, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RevokeRefresh(t.Context(), other.refresh, ""); err != nil {
		t.Fatal(err)
	}
	if err := b.RevokeFamily(t.Context(), one.code); err != nil {
		t.Fatal(err)
	}
	b.wantEvents(t, "grant.token_revoked ws_acme", "grant.token_revoked ws_doe", "grant.code_replayed ws_acme")
}

// eventsOfNothing: the epoch is raised all the same, so that no code of an earlier approval is redeemed.
func eventsOfNothing(t *testing.T, b bench) {
	pending := codeOf("usr_john", "app", "ws_acme", "videos:read")
	b.mustRedeem(t, codeOf("usr_john", "app", "ws_acme", "videos:read"))
	for range 2 {
		if err := b.RevokeUserClientGrants(t.Context(), "usr_john", "app"); err != nil {
			t.Fatal(err)
		}
	}
	b.wantEvents(t, "grant.revoked ws_acme")
	if err := b.redeem(t.Context(), fresh(), pending); err == nil {
		t.Error("a code from before the revocation was redeemed")
	}
}
