package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// Administration tests what administration changes and lists.
func Administration(t *testing.T) {
	t.Run("a user is added once", userAdded)
	t.Run("disabling and a new password raise the epoch, enabling does not", epochs)
	t.Run("users are listed by address, a page at a time", usersListed)
	t.Run("workspaces are added once, listed by name a page at a time, and change their plan", workspaces)
	t.Run("members come, change and go", members)
	t.Run("a batch of workspaces leaves out what is not there", batch)
}

func userAdded(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		got, err := s.CreateUser(t.Context(), ada())
		if err != nil {
			t.Fatal(err)
		}
		wantRecent(t, got.CreatedAt)
		record, err := s.FindRecord(t.Context(), spell(ada().EmailAddress))
		if err != nil || record.User != got || !record.PasswordHash.Equal(ada().PasswordHash) {
			t.Errorf("the user is stored as %+v, %v, and was %+v", record, err, got)
		}
		other := ada()
		other.ID = "usr_other"
		if _, err := s.CreateUser(t.Context(), other); !errors.Is(err, account.ErrAddressTaken) {
			t.Errorf("the address again: %v", err)
		}
		if n := count(t, db, "users"); n != 1 {
			t.Errorf("%d users", n)
		}
	})
}

func epochs(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		want := func(what string, err error, disabled bool, epoch int64) {
			t.Helper()
			user, findErr := s.FindUser(t.Context(), "usr_ada")
			if err != nil || findErr != nil || user.Disabled != disabled || user.SessionEpoch != epoch {
				t.Errorf("%s: %v, %v: %+v", what, err, findErr, user)
			}
		}
		want("disabled", s.DisableUser(t.Context(), "usr_ada"), true, 1)
		want("disabled again", s.DisableUser(t.Context(), "usr_ada"), true, 2)
		want("enabled", s.EnableUser(t.Context(), "usr_ada"), false, 2)
		want("a new password", s.SetPassword(t.Context(), "usr_ada", secret.New("new")), false, 3)
		if record, err := s.FindRecord(t.Context(), spell(ada().EmailAddress)); err != nil || record.PasswordHash.Reveal() != "new" {
			t.Errorf("the password is not stored: %v", err)
		}
		for i, err := range []error{
			s.DisableUser(t.Context(), "usr_nobody"), s.EnableUser(t.Context(), "usr_nobody"),
			s.SetPassword(t.Context(), "usr_nobody", secret.New("x")),
		} {
			if !errors.Is(err, account.ErrUnknown) {
				t.Errorf("call %d for an unknown user: %v", i+1, err)
			}
		}
	})
}

func usersListed(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		want := []string{"_@a.test", "a-a@a.test", "a@a.test", "aa@a.test", "b@a.test", "é@a.test"}
		for i, address := range []int{3, 5, 0, 4, 1, 2} {
			r := ada()
			r.ID, r.EmailAddress = fmt.Sprintf("usr_%d", i), account.Address(want[address])
			if _, err := s.CreateUser(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for after, last := account.Address(""), 0; ; last = len(got) {
			list, err := s.ListUsers(t.Context(), after, 4)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range list {
				got, after = append(got, string(u.EmailAddress)), u.EmailAddress
			}
			if len(got) == last {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the order differs (-want +got):\n%s", diff)
		}
	})
}

func workspaces(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		want := []account.Workspace{
			{ID: "ws_1", Name: "Acme", Plan: "pro"},
			{ID: "ws_2", Name: "acme", Plan: "free"},
			{ID: "ws_3", Name: "b-side", Plan: "pro"},
			{ID: "ws_4", Name: "Bb", Plan: "pro"},
			{ID: "ws_5", Name: "Éclair", Plan: "pro"},
			{ID: "ws_6", Name: "École", Plan: "pro"},
			{ID: "ws_7", Name: "École", Plan: "pro"},
		}
		for _, i := range []int{6, 2, 0, 4, 1, 3, 5} {
			if err := s.CreateWorkspace(t.Context(), want[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.CreateWorkspace(t.Context(), want[0]); !errors.Is(err, account.ErrWorkspaceTaken) {
			t.Errorf("the identifier again: %v", err)
		}
		var got []account.Workspace
		for n := 0; n <= len(want); n++ { // one at a time
			list, err := s.ListAllWorkspaces(t.Context(), append([]account.Workspace{{}}, got...)[len(got)], 1)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, list...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the order differs (-want +got):\n%s", diff)
		}
		if err := s.SetWorkspacePlan(t.Context(), "ws_2", "enterprise"); err != nil {
			t.Errorf("SetPlan: %v", err)
		}
		if list, err := s.BatchGetWorkspaces(t.Context(), []string{"ws_2"}); err != nil || len(list) != 1 || list[0].Plan != "enterprise" {
			t.Errorf("the plan is %+v, %v", list, err)
		}
		if err := s.SetWorkspacePlan(t.Context(), "ws_none", "pro"); !errors.Is(err, account.ErrUnknownWorkspace) {
			t.Errorf("no workspace: %v", err)
		}
	})
}

func members(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		if err := s.CreateWorkspace(t.Context(), account.Workspace{ID: "ws_two", Name: "Two", Plan: "pro"}); err != nil {
			t.Fatal(err)
		}
		want := func(workspaceID, want string) {
			t.Helper()
			list, err := s.ListMembers(t.Context(), workspaceID, "", 10)
			got := ""
			for _, m := range list {
				got += fmt.Sprintf("%s %s %s;", m.User.ID, m.User.EmailAddress, m.Role)
			}
			if err != nil || got != want {
				t.Errorf("%s has %q, %v, want %q", workspaceID, got, err, want)
			}
		}
		want("ws_one", "usr_ada ada@example.com administrator;usr_bob bob@example.com member;")
		want("ws_two", "")
		for _, role := range []oauth.Role{oauth.RoleMember, oauth.RoleDeveloper, oauth.RoleAdministrator, oauth.RoleAdministrator} {
			if err := s.AddMember(t.Context(), "usr_bob", "ws_two", role); err != nil {
				t.Errorf("AddMember: %v", err)
			}
			want("ws_two", fmt.Sprintf("usr_bob bob@example.com %s;", role))
		}
		if list, err := s.ListMemberships(t.Context(), "usr_bob"); err != nil || len(list) != 2 || list[1].Role != oauth.RoleAdministrator {
			t.Errorf("a disabled user belongs to %+v, %v", list, err)
		}
		if err := s.RemoveMember(t.Context(), "usr_bob", "ws_two"); err != nil {
			t.Errorf("RemoveMember: %v", err)
		}
		want("ws_two", "")
		if err := s.RemoveMember(t.Context(), "usr_bob", "ws_two"); !errors.Is(err, account.ErrNotMember) {
			t.Errorf("a former member: %v", err)
		}
		for _, pair := range [][2]string{{"usr_nobody", "ws_one"}, {"usr_ada", "ws_none"}} {
			if err := s.AddMember(t.Context(), pair[0], pair[1], oauth.RoleMember); !errors.Is(err, account.ErrUnknownUserOrWorkspace) {
				t.Errorf("%v: %v", pair, err)
			}
		}
		first, err := s.PageOfMembers(t.Context(), "ws_one", "", 1)
		if err != nil || len(first) != 1 || first[0].User.ID != "usr_ada" || first[0].Role != oauth.RoleAdministrator {
			t.Errorf("the first page is %+v, %v", first, err)
		}
		if rest, err := s.PageOfMembers(t.Context(), "ws_one", first[0].User.EmailAddress, 10); err != nil || len(rest) != 1 || rest[0].User.ID != "usr_bob" {
			t.Errorf("the second page is %+v, %v", rest, err)
		}
		rest, err := s.ListMembers(t.Context(), "ws_one", first[0].User.EmailAddress, 10)
		if err != nil || len(rest) != 1 || rest[0].User.ID != "usr_bob" {
			t.Errorf("the members after the first are %+v, %v", rest, err)
		}
		if rest, err = s.ListMembers(t.Context(), "ws_one", rest[0].User.EmailAddress, 10); err != nil || len(rest) != 0 {
			t.Errorf("the members after the last are %+v, %v", rest, err)
		}
		if _, err := s.ListMembers(t.Context(), "ws_none", "", 10); !errors.Is(err, account.ErrUnknownWorkspace) {
			t.Errorf("no workspace: %v", err)
		}
	})
}

func batch(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		for _, id := range []string{"ws_1", `ws_"2`, "ws_3"} {
			if err := s.CreateWorkspace(t.Context(), account.Workspace{ID: id, Name: id, Plan: "pro"}); err != nil {
				t.Fatal(err)
			}
		}
		list, err := s.BatchGetWorkspaces(t.Context(), []string{"ws_3", "ws_none", `ws_"2`, "ws_3"})
		var got []string
		for _, w := range list {
			got = append(got, w.ID)
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{`ws_"2`, "ws_3"}, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if list, err := s.BatchGetWorkspaces(t.Context(), nil); err != nil || len(list) != 0 {
			t.Errorf("none: %v, %v", list, err)
		}
	})
}
