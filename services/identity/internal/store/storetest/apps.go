package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/authapp"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// Apps tests which authentication apps are stored and for whom they vouch.
func Apps(t *testing.T) {
	t.Run("an app comes back with what may be shown of its secret", appComesBack)
	t.Run("apps are listed by name, revoked ones too", appsListed)
	t.Run("an app vouches for enabled users, and where it is limited for members", vouches)
	t.Run("two secrets overlap, and older ones end at once", rotates)
	t.Run("without an overlap a secret ends at once", rotatesAtOnce)
	t.Run("a revoked app vouches for no user and is not rotated", revoked)
	t.Run("the use of an app is recorded at most once a minute", noted)
	t.Run("seeding an app changes nothing that is there", appSeeded)
}

func draft(workspaceID string) authapp.App {
	return authapp.App{ID: "aap_one", Name: "Portal", WorkspaceID: workspaceID}
}

func hashSecret(clear string) secret.Record { return secret.NewRecord(secret.New(clear)) }

func create(t *testing.T, s *store.Store, d authapp.App, clear string) {
	t.Helper()
	if err := s.CreateApp(t.Context(), d, hashSecret(clear)); err != nil {
		t.Fatal(err)
	}
}

func rotate(t *testing.T, s *store.Store, clear string, overlap time.Duration) {
	t.Helper()
	if err := s.RotateAppSecret(t.Context(), "aap_one", hashSecret(clear), overlap); err != nil {
		t.Fatal(err)
	}
}

func findApp(t *testing.T, s *store.Store) authapp.App {
	t.Helper()
	app, err := s.FindApp(t.Context(), "aap_one")
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// vouched reports whether a secret vouches for a user.
func vouched(t *testing.T, s *store.Store, who account.Record, clear string) bool {
	t.Helper()
	v, err := s.Vouch(t.Context(), spell(who.EmailAddress), hashSecret(clear).Hash)
	if err != nil && !errors.Is(err, authapp.ErrUnknown) {
		t.Fatal(err)
	}
	if err == nil && (v.User.ID != who.ID || v.AppID != "aap_one") {
		t.Errorf("%s is vouched for as %+v", who.ID, v)
	}
	return err == nil
}

func want(t *testing.T, s *store.Store, secrets map[string]bool) {
	t.Helper()
	for clear, want := range secrets {
		if vouched(t, s, ada(), clear) != want {
			t.Errorf("the secret %q is valid: %v", clear, !want)
		}
	}
}

func appComesBack(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		create(t, s, draft("ws_one"), "secret-abcd")
		app := findApp(t, s)
		wantRecent(t, app.CreatedAt)
		if app.Name != "Portal" || app.WorkspaceID != "ws_one" || !app.LastUsedAt.IsZero() || !app.RevokedAt.IsZero() ||
			len(app.Secrets) != 1 || app.Secrets[0].LastFour != "abcd" || !app.Secrets[0].ExpiresAt.IsZero() {
			t.Errorf("the app is %+v", app)
		}
		if err := s.CreateApp(t.Context(), authapp.App{ID: "aap_two", Name: "x", WorkspaceID: "ws_none"}, hashSecret("x")); !errors.Is(err, account.ErrUnknownWorkspace) {
			t.Errorf("no workspace: %v", err)
		}
		if _, err := s.FindApp(t.Context(), "aap_two"); !errors.Is(err, authapp.ErrUnknown) {
			t.Errorf("an app without its workspace: %v", err)
		}
	})
}

func appsListed(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		for _, d := range []authapp.App{{ID: "aap_3", Name: "Éclair"}, {ID: "aap_2", Name: "b"}, {ID: "aap_1", Name: "A"}} {
			create(t, s, d, "secret of "+d.ID)
		}
		if err := errors.Join(s.RotateAppSecret(t.Context(), "aap_2", hashSecret("next"), time.Hour), s.RevokeApp(t.Context(), "aap_3")); err != nil {
			t.Fatal(err)
		}
		list, err := s.ListApps(t.Context(), authapp.App{}, 10)
		if err != nil || len(list) != 3 || list[0].ID != "aap_1" || list[1].ID != "aap_2" || list[2].ID != "aap_3" {
			t.Fatalf("%+v, %v", list, err)
		}
		if len(list[0].Secrets) != 1 || len(list[1].Secrets) != 2 || list[1].Secrets[0].LastFour != "next" {
			t.Errorf("the secrets are %+v and %+v", list[0].Secrets, list[1].Secrets)
		}
		wantRecent(t, list[2].RevokedAt)
		if len(list[2].Secrets) != 0 {
			t.Errorf("a revoked app has the secrets %+v", list[2].Secrets)
		}
		for after, want := range map[int]string{-1: "aap_1 aap_2", 0: "aap_2 aap_3", 1: "aap_3", 2: ""} {
			var last authapp.App
			if after >= 0 {
				last = list[after]
			}
			page, err := s.ListApps(t.Context(), last, 2) // apps, of which one has two secrets
			var got []string
			for _, a := range page {
				got = append(got, a.ID)
			}
			if err != nil || strings.Join(got, " ") != want {
				t.Errorf("two apps after %q: %q, %v, want %q", last.Name, got, err, want)
			}
		}
	})
}

func vouches(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		create(t, s, draft(""), "secret")
		nobody := account.Record{User: account.User{ID: "usr_nobody", EmailAddress: "nobody@example.com"}}
		for _, row := range []struct {
			who   account.Record
			clear string
			want  bool
		}{{ada(), "secret", true}, {ada(), "wrong", false}, {ada(), "", false}, {bob(), "secret", false}, {nobody, "secret", false}} {
			if vouched(t, s, row.who, row.clear) != row.want {
				t.Errorf("%s with %q: %v", row.who.ID, row.clear, !row.want)
			}
		}
		exec(t, db, "UPDATE authentication_apps SET workspace_id = 'ws_one'")
		v, err := s.Vouch(t.Context(), spell(ada().EmailAddress), hashSecret("secret").Hash)
		if err != nil || v.WorkspaceID != "ws_one" {
			t.Errorf("a member is %+v, %v", v, err)
		}
		exec(t, db, "DELETE FROM memberships")
		want(t, s, map[string]bool{"secret": false})
		exec(t, db, "DELETE FROM workspaces")
		if n := count(t, db, "authentication_app_secrets"); n != 0 {
			t.Errorf("%d secrets are left of a workspace that was removed", n)
		}
	})
}

func rotates(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		s, later := store.New(reopen(0)), store.New(reopen(time.Hour+time.Minute))
		seed(t, s, example())
		create(t, s, draft(""), "first")
		rotate(t, s, "second", time.Hour)
		want(t, s, map[string]bool{"first": true, "second": true})
		rotate(t, s, "third", time.Hour)
		want(t, s, map[string]bool{"first": false, "second": true, "third": true})
		app := findApp(t, s)
		if len(app.Secrets) != 2 || app.Secrets[0].LastFour != "hird" || app.Secrets[1].LastFour != "cond" {
			t.Fatalf("the secrets are %+v", app.Secrets)
		}
		if in := time.Until(app.Secrets[1].ExpiresAt); in < 59*time.Minute || in > 61*time.Minute {
			t.Errorf("the one before ends in %v", in)
		}
		want(t, later, map[string]bool{"first": false, "second": false, "third": true})
		if app := findApp(t, later); len(app.Secrets) != 1 {
			t.Errorf("later the secrets are %+v", app.Secrets)
		}
		if err := s.RotateAppSecret(t.Context(), "aap_none", hashSecret("x"), 0); !errors.Is(err, authapp.ErrUnknown) {
			t.Errorf("no app: %v", err)
		}
	})
}

func rotatesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		create(t, s, draft(""), "first")
		rotate(t, s, "second", time.Hour)
		rotate(t, s, "third", 0)
		want(t, s, map[string]bool{"first": false, "second": false, "third": true})
	})
}

func revoked(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		create(t, s, draft(""), "first")
		rotate(t, s, "second", time.Hour)
		if err := s.RevokeApp(t.Context(), "aap_one"); err != nil {
			t.Fatal(err)
		}
		at := findApp(t, s).RevokedAt
		wantRecent(t, at)
		want(t, s, map[string]bool{"first": false, "second": false})
		if err := s.RotateAppSecret(t.Context(), "aap_one", hashSecret("third"), 0); !errors.Is(err, authapp.ErrUnknown) {
			t.Errorf("a revoked app was rotated: %v", err)
		}
		if err := s.RevokeApp(t.Context(), "aap_one"); err != nil || !findApp(t, s).RevokedAt.Equal(at) {
			t.Errorf("revoked again: %v", err)
		}
		if err := s.RevokeApp(t.Context(), "aap_none"); !errors.Is(err, authapp.ErrUnknown) {
			t.Errorf("no app: %v", err)
		}
	})
}

func noted(t *testing.T) {
	sqldbtest.EachReopen(t, store.Migrations(), func(t *testing.T, reopen func(time.Duration) *sqldb.DB) {
		s := store.New(reopen(0))
		seed(t, s, example())
		create(t, s, draft(""), "secret")
		use := func(offset time.Duration) time.Time {
			at := store.New(reopen(offset))
			want(t, at, map[string]bool{"wrong": false, "secret": true})
			return findApp(t, at).LastUsedAt
		}
		first := use(0)
		wantRecent(t, first)
		if again := use(30 * time.Second); !again.Equal(first) {
			t.Errorf("a use after half a minute is recorded: %v, and %v", first, again)
		}
		if later := use(2 * time.Minute); later.Sub(first) < time.Minute {
			t.Errorf("a use after two minutes is not recorded: %v, and %v", first, later)
		}
	})
}

func appSeeded(t *testing.T) {
	each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
		seed(t, s, example())
		again := func() {
			t.Helper()
			if err := s.SeedApp(t.Context(), draft(""), hashSecret("fixture")); err != nil {
				t.Fatal(err)
			}
		}
		again()
		again()
		want(t, s, map[string]bool{"fixture": true})
		rotate(t, s, "second", 0)
		rotate(t, s, "third", 0) // no secret of the fixture is left
		again()
		want(t, s, map[string]bool{"fixture": false, "third": true})
	})
}
