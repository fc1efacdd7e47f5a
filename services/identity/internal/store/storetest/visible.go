package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// Visible tests which users a user may see.
func Visible(t *testing.T) {
	t.Run("oneself, and the members of what one administers", seesMembers)
	t.Run("a disabled user sees no user and is still seen", disabledSees)
}

// fourUsers returns Ada, who administers one and three and is a member of two; Bob, who is in one,
// two and three; Eve, who is in two; and Zoe, who is in none.
func fourUsers() account.Directory {
	user := func(name string) account.Record {
		return account.Record{User: account.User{ID: "usr_" + name, EmailAddress: account.Address(name + "@example.com")}}
	}
	admin := func(userID, workspaceID, name string) account.Membership {
		m := member(userID, workspaceID, name)
		m.Role = oauth.RoleAdministrator
		return m
	}
	return account.Directory{
		Users: []account.Record{user("ada"), user("bob"), user("eve"), user("zoe")},
		Memberships: []account.Membership{
			admin("usr_ada", "ws_one", "One"), member("usr_ada", "ws_two", "Two"), admin("usr_ada", "ws_three", "Three"),
			member("usr_bob", "ws_one", "One"), admin("usr_bob", "ws_two", "Two"), member("usr_bob", "ws_three", "Three"),
			member("usr_eve", "ws_two", "Two"),
		},
	}
}

// see returns the workspaces and roles of a user that another user sees, or "nobody".
func see(t *testing.T, s *store.Store, actor, only, whom string) string {
	t.Helper()
	found, err := s.GetVisibleUser(t.Context(), account.VisibleUserQuery{
		ActorID: "usr_" + actor, OnlyWorkspaceID: only, Address: spell(account.Address(whom + "@example.com")),
	})
	if errors.Is(err, account.ErrUnknown) {
		return "nobody"
	}
	if err != nil || found.User.ID != "usr_"+whom {
		t.Errorf("%s looks for %s and finds %+v, %v", actor, whom, found, err)
	}
	seen := ""
	for _, m := range found.Workspaces {
		seen += fmt.Sprintf("%s %s;", m.Workspace.ID, m.Role)
		if m.UserID != found.User.ID || m.Workspace.Plan != "pro" || m.Workspace.Name == "" {
			t.Errorf("a workspace is %+v", m)
		}
	}
	return seen
}

func seesMembers(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, fourUsers())
		for _, row := range []struct{ actor, only, whom, want string }{
			{"ada", "", "ada", "ws_one administrator;ws_three administrator;ws_two member;"},
			{"ada", "ws_two", "ada", "ws_two member;"},
			{"ada", "ws_none", "ada", ""},
			{"zoe", "", "zoe", ""},
			{"ada", "", "bob", "ws_one member;ws_three member;"},
			{"ada", "ws_three", "bob", "ws_three member;"},
			{"ada", "ws_two", "bob", "nobody"}, // where Ada is only a member
			{"bob", "", "ada", "ws_two member;"},
			{"bob", "", "eve", "ws_two member;"},
			{"bob", "ws_one", "eve", "nobody"},
			{"ada", "", "eve", "nobody"},
			{"eve", "", "ada", "nobody"},
			{"ada", "", "zoe", "nobody"},
			{"ada", "", "nobody", "nobody"},
			{"nobody", "", "ada", "nobody"},
			{"nobody", "", "nobody", "nobody"},
		} {
			if got := see(t, s, row.actor, row.only, row.whom); got != row.want {
				t.Errorf("%s, for %q, sees of %s %q, want %q", row.actor, row.only, row.whom, got, row.want)
			}
		}
	})
}

func disabledSees(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, fourUsers())
		if err := s.DisableUser(t.Context(), "usr_ada"); err != nil {
			t.Fatal(err)
		}
		if got := see(t, s, "ada", "", "ada") + see(t, s, "ada", "", "bob"); got != "nobodynobody" {
			t.Errorf("Ada sees %s", got)
		}
		if got := see(t, s, "bob", "", "ada"); got != "ws_two member;" {
			t.Errorf("Bob sees of Ada %q", got)
		}
	})
}
