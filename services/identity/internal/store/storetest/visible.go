package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// Visible proves who sees whom.
func Visible(t *testing.T) {
	t.Run("oneself, and the members of what one administers", sees)
	t.Run("a disabled user sees nobody and is still seen", disabledSees)
}

// society: Ada administers one and three and is a member of two; Bob is in one, two and three; Eve is in two; Zoe in none.
func society() account.People {
	user := func(name string) account.Record {
		return account.Record{User: account.User{ID: "usr_" + name, EmailAddress: account.Address(name + "@example.com")}}
	}
	admin := func(userID, workspaceID, name string) account.Membership {
		m := member(userID, workspaceID, name)
		m.Role = account.Administrator
		return m
	}
	return account.People{
		Users: []account.Record{user("ada"), user("bob"), user("eve"), user("zoe")},
		Memberships: []account.Membership{
			admin("usr_ada", "ws_one", "One"), member("usr_ada", "ws_two", "Two"), admin("usr_ada", "ws_three", "Three"),
			member("usr_bob", "ws_one", "One"), admin("usr_bob", "ws_two", "Two"), member("usr_bob", "ws_three", "Three"),
			member("usr_eve", "ws_two", "Two"),
		},
	}
}

// look writes what one sees of another: nobody, or the workspaces and the roles in them.
func look(t *testing.T, s *store.Store, actor, only, whom string) string {
	t.Helper()
	found, err := s.Visible(t.Context(), account.Sight{
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

func sees(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, society())
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
			if got := look(t, s, row.actor, row.only, row.whom); got != row.want {
				t.Errorf("%s, for %q, sees of %s %q, want %q", row.actor, row.only, row.whom, got, row.want)
			}
		}
	})
}

func disabledSees(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, society())
		if err := s.DisableUser(t.Context(), "usr_ada"); err != nil {
			t.Fatal(err)
		}
		if got := look(t, s, "ada", "", "ada") + look(t, s, "ada", "", "bob"); got != "nobodynobody" {
			t.Errorf("Ada sees %s", got)
		}
		if got := look(t, s, "bob", "", "ada"); got != "ws_two member;" {
			t.Errorf("Bob sees of Ada %q", got)
		}
	})
}
