package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// CRUD tests what is stored.
func CRUD(t *testing.T) {
	t.Run("a user comes back by address and by identifier", comesBack)
	t.Run("an unknown user is not found", unknown)
	t.Run("workspaces are listed by name, alike on both engines", listed)
	t.Run("a membership has the role", role)
	t.Run("a disabled user has no memberships until enabled again", disabled)
	t.Run("a membership goes with its user and its workspace", cascade)
	t.Run("seeding changes nothing that is there", seedKeeps)
	t.Run("a closed database is unavailable and nothing else", closed)
}

func comesBack(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		for _, want := range []account.Record{ada(), bob()} {
			record, err := s.FindRecord(t.Context(), spell(want.EmailAddress))
			wantRecent(t, record.CreatedAt)
			want.CreatedAt = record.CreatedAt
			if err != nil || record.User != want.User || !record.PasswordHash.Equal(want.PasswordHash) {
				t.Errorf("FindRecord: %+v, %v, want %+v", record, err, want)
			}
			if user, err := s.FindUser(t.Context(), want.ID); err != nil || user != want.User {
				t.Errorf("FindUser: %+v, %v, want %+v", user, err, want.User)
			}
		}
	})
}

func unknown(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		for _, address := range []account.Address{"", "nobody@example.com", "ada@example.co", "ADA@example.com", "%"} {
			if _, err := s.FindRecord(t.Context(), spell(address)); !errors.Is(err, account.ErrUnknown) {
				t.Errorf("FindRecord(%q): %v", address, err)
			}
		}
		if _, err := s.FindUser(t.Context(), "usr_nobody"); !errors.Is(err, account.ErrUnknown) {
			t.Errorf("FindUser: %v", err)
		}
		if list, err := s.ListWorkspaces(t.Context(), "usr_nobody"); err != nil || len(list) != 0 {
			t.Errorf("Workspaces: %v, %v", list, err)
		}
		for _, pair := range [][2]string{{"usr_nobody", "ws_one"}, {"usr_ada", "ws_two"}} {
			if _, err := s.GetMembership(t.Context(), pair[0], pair[1]); !errors.Is(err, account.ErrNotMember) {
				t.Errorf("Membership(%v): %v", pair, err)
			}
		}
	})
}

func listed(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		directory := account.Directory{Users: []account.Record{ada()}}
		for id, name := range map[string]string{
			"ws_5": "Éclair", "ws_1": "Acme", "ws_3": "b-side", "ws_4": "Bb", "ws_2": "acme", "ws_6": "École", "ws_7": "École",
		} {
			directory.Memberships = append(directory.Memberships, member("usr_ada", id, name))
		}
		seed(t, s, directory)
		list, err := s.ListWorkspaces(t.Context(), "usr_ada")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list {
			got = append(got, m.Workspace.ID)
		}
		want := []string{"ws_1", "ws_2", "ws_3", "ws_4", "ws_5", "ws_6", "ws_7"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the order differs (-want +got):\n%s", diff)
		}
	})
}

func role(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		got, err := s.GetMembership(t.Context(), "usr_ada", "ws_one")
		if err != nil || got != example().Memberships[0] {
			t.Errorf("Membership: %+v, %v", got, err)
		}
		exec(t, db, "DELETE FROM memberships WHERE user_id = 'usr_ada'")
		if _, err := s.GetMembership(t.Context(), "usr_ada", "ws_one"); !errors.Is(err, account.ErrNotMember) {
			t.Errorf("a former member: %v", err)
		}
	})
}

func disabled(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		if list, err := s.ListWorkspaces(t.Context(), "usr_bob"); err != nil || len(list) != 0 {
			t.Errorf("Workspaces: %v, %v", list, err)
		}
		if _, err := s.GetMembership(t.Context(), "usr_bob", "ws_one"); !errors.Is(err, account.ErrNotMember) {
			t.Errorf("Membership: %v", err)
		}
		exec(t, db, "UPDATE users SET disabled = $1 WHERE id = 'usr_bob'", false)
		if list, err := s.ListWorkspaces(t.Context(), "usr_bob"); err != nil || len(list) != 1 {
			t.Errorf("Workspaces after enabling: %v, %v", list, err)
		}
	})
}

func cascade(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		exec(t, db, "DELETE FROM users WHERE id = 'usr_bob'")
		if n := count(t, db, "memberships"); n != 1 {
			t.Errorf("%d memberships, want 1", n)
		}
		exec(t, db, "DELETE FROM workspaces")
		if n := count(t, db, "memberships"); n != 0 {
			t.Errorf("%d memberships, want none", n)
		}
	})
}

func seedKeeps(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		exec(t, db, "UPDATE users SET display_name = 'Renamed', password_hash = 'new' WHERE id = 'usr_ada'")
		exec(t, db, "UPDATE workspaces SET plan = 'enterprise'")
		exec(t, db, "UPDATE memberships SET role = 'member'")
		seed(t, s, example())
		record, err := s.FindRecord(t.Context(), spell(ada().EmailAddress))
		if err != nil || record.DisplayName != "Renamed" || record.PasswordHash.Reveal() != "new" {
			t.Errorf("the user is as seeded: %+v, %v", record, err)
		}
		m, err := s.GetMembership(t.Context(), "usr_ada", "ws_one")
		if err != nil || m.Workspace.Plan != "enterprise" || m.Role != oauth.RoleMember {
			t.Errorf("the membership is as seeded: %+v, %v", m, err)
		}
	})
}

func closed(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		_, record := s.FindRecord(t.Context(), spell(ada().EmailAddress))
		_, user := s.FindUser(t.Context(), "usr_ada")
		_, list := s.ListWorkspaces(t.Context(), "usr_ada")
		_, membership := s.GetMembership(t.Context(), "usr_ada", "ws_one")
		_, batch := s.BatchGetWorkspaces(t.Context(), []string{"ws_one"})
		_, visible := s.GetVisibleUser(t.Context(), account.VisibleUserQuery{ActorID: "usr_ada", Address: spell(ada().EmailAddress)})
		_, vouched := s.Vouch(t.Context(), spell(ada().EmailAddress), hashSecret("x").Hash)
		_, members := s.ListMembers(t.Context(), "ws_one", "", 10)
		for i, err := range []error{
			record, user, list, membership, s.Seed(t.Context(), example()), batch, visible, vouched, members,
			s.DisableUser(t.Context(), "usr_ada"), s.CreateApp(t.Context(), draft(""), hashSecret("x")),
		} {
			if !errors.Is(err, sqldb.ErrUnavailable) || errors.Is(err, account.ErrUnknown) || errors.Is(err, account.ErrNotMember) {
				t.Errorf("call %d: %v", i+1, err)
			}
		}
	})
}
