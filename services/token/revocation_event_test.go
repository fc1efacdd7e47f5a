package token_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/token"
)

// events returns the events of the audit trail: the kind, the kind of the actor, and the identifiers.
func (b bench) events(t *testing.T) []string {
	t.Helper()
	return eventsIn(t, b.db, `kind || ' by ' || actor_kind || ': ' || user_id || ' ' || workspace_id || ' ' || client_id || ' ' || object_id`)
}

// eventsIn returns an expression of the columns of each event of the audit trail.
func eventsIn(t *testing.T, db *sqldb.DB, expression string) (list []string) {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT `+expression+` FROM events ORDER BY cursor`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var event string
		if err := rows.Scan(&event); err != nil {
			t.Fatal(err)
		}
		list = append(list, event)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestARevocationWhoseChangeFailedHasAnEvent: grants were revoked before identity or authz made the
// change, which they would have recorded.
func TestARevocationWhoseChangeFailedHasAnEvent(t *testing.T) {
	b := newBench(t, token.DefaultConfig()) // its identity makes no change
	operator := tokenv1.NewEndingServiceClient(b.dial(t, "operator", "token"))
	b.authz.fail(oerr.Unavailable(nil))
	_, errClient := operator.DisableClient(t.Context(), &tokenv1.DisableClientRequest{ClientId: "app"})
	_, errRobot := operator.RemoveClientFromWorkspace(t.Context(), &tokenv1.RemoveClientFromWorkspaceRequest{ClientId: "robot"})
	_, errUser := operator.DisableUser(t.Context(), &tokenv1.DisableUserRequest{UserId: "usr_john"})
	_, errMember := operator.RemoveMember(t.Context(), &tokenv1.RemoveMemberRequest{UserId: "usr_john", WorkspaceId: "ws_acme"})
	_, errPassword := operator.SetPassword(t.Context(), &tokenv1.SetPasswordRequest{UserId: "usr_john", Password: "a long new password"})
	_, errApp := operator.RevokeAuthenticationApp(t.Context(), &tokenv1.RevokeAuthenticationAppRequest{AuthenticationAppId: "aap_1"})
	for n, err := range []error{errClient, errRobot, errUser, errMember, errPassword, errApp} {
		if err == nil {
			t.Errorf("call %d succeeded", n)
		}
	}
	want := []string{
		"grant.revoked by 2:   app ", "grant.revoked by 2: svc_robot  robot ", "grant.revoked by 2: usr_john   ", "grant.revoked by 2: usr_john ws_acme  ",
		"user_token.revoked by 2: usr_john   ", "user_token.revoked by 2:    aap_1",
	}
	if diff := cmp.Diff(want, b.events(t)); diff != "" {
		t.Error(diff)
	}
	b.authz.fail(nil)
	if _, err := operator.DisableClient(t.Context(), &tokenv1.DisableClientRequest{ClientId: "app"}); err != nil {
		t.Error(err)
	}
	if list := b.events(t); len(list) != len(want) {
		t.Errorf("a change that authz records has an event of the token service: %v", list[len(want):])
	}
}
