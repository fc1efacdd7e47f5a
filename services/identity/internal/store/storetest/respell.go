package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/store"
)

// Respelling tests that addresses of release 0.1 are found in every form, and converted to the
// current one.
func Respelling(t *testing.T) {
	t.Run("an account is found by its earlier form first", func(t *testing.T) {
		each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
			earlier(t, db, "usr_new", "\u00e9@a.test")
			earlier(t, db, "usr_old", "e\u0301@a.test")
			for typed, want := range map[string]string{"\u00c9@a.test": "usr_new", "E\u0301@a.test": "usr_old"} {
				if r, err := s.FindRecord(t.Context(), account.Spell(typed)); err != nil || r.ID != want {
					t.Errorf("%+q is %q, %v, want %s", typed, r.ID, err, want)
				}
				query := account.VisibleUserQuery{ActorID: want, Address: account.Spell(typed)}
				if v, err := s.GetVisibleUser(t.Context(), query); err != nil || v.User.ID != want {
					t.Errorf("%+q sees %q, %v", typed, v.User.ID, err)
				}
			}
			if _, err := s.FindRecord(t.Context(), account.Spelling{}); !errors.Is(err, account.ErrUnknown) {
				t.Errorf("no address: %v", err)
			}
		})
	})
	t.Run("an account of today's rules is found by its canonical form alone", canonicalAlone)
	t.Run("addresses of earlier rules are respelled once", func(t *testing.T) {
		each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
			seed(t, s, example())
			for i := range 3 {
				earlier(t, db, fmt.Sprintf("usr_%d", i), fmt.Sprintf("e\u0301%d@xn--mller-kva.de", i))
			}
			earlier(t, db, "usr_first", "\u00e9@a.test")
			earlier(t, db, "usr_taken", "e\u0301@a.test")
			earlier(t, db, "usr_hidden", "x\ufe0f@a.test")
			for run := range 2 {
				var shared []string
				err := account.Respell(t.Context(), s, func(userID string, address account.Address) {
					shared = append(shared, userID+" "+string(address))
				})
				if err != nil || fmt.Sprint(shared) != "[usr_taken \u00e9@a.test]" {
					t.Errorf("run %d: %q, %v", run+1, shared, err)
				}
				left, err := s.EarlierAddresses(t.Context(), "", 10)
				if err != nil || len(left) != 1 || left[0].ID != "usr_taken" {
					t.Errorf("run %d leaves %v, %v", run+1, left, err)
				}
			}
			for id, want := range map[string]string{
				"usr_0": "\u00e90@m\u00fcller.de", "usr_2": "\u00e92@m\u00fcller.de", "usr_first": "\u00e9@a.test",
				"usr_taken": "e\u0301@a.test", "usr_hidden": "x\ufe0f@a.test", "usr_ada": "ada@example.com",
			} {
				if user, err := s.FindUser(t.Context(), id); err != nil || string(user.EmailAddress) != want {
					t.Errorf("%s has %+q, %v, want %+q", id, user.EmailAddress, err, want)
				}
			}
		})
	})
	t.Run("a password's hash is replaced only where it was read", func(t *testing.T) {
		each(t, func(t *testing.T, _ *sqldb.DB, s *store.Store) {
			seed(t, s, example())
			before := ada().PasswordHash
			for _, try := range []struct{ before, after, want string }{
				{"another", "x", before.Reveal()},
				{before.Reveal(), "next", "next"},
				{before.Reveal(), "late", "next"},
			} {
				err := s.ReplacePasswordHash(t.Context(), "usr_ada", secret.New(try.before), secret.New(try.after))
				if err != nil {
					t.Fatal(err)
				}
				r, err := s.FindRecord(t.Context(), spell("ada@example.com"))
				if err != nil || r.PasswordHash.Reveal() != try.want || r.SessionEpoch != 0 {
					t.Errorf("after %q: epoch %d, %v", try.after, r.SessionEpoch, err)
				}
			}
		})
	})
}

func canonicalAlone(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB, s *store.Store) {
		user := ada()
		user.EmailAddress = "\u03bb\u03cc\u03b3\u03bf\u03c3@a.test" // with a sigma that is no final one
		_, err := s.CreateUser(t.Context(), user)
		must(t, err)
		earlier(t, db, "usr_old", "\u03c4\u03ac\u03be\u03b9\u03c3@a.test")
		earlier(t, db, "usr_hidden", "x\ufe0f@a.test")
		must(t, account.Respell(t.Context(), s, func(string, account.Address) {}))
		earlier(t, db, "usr_older", "\u03c6\u03ac\u03c3\u03b9\u03c3@a.test")
		for typed, want := range map[string]string{
			"\u03bb\u03cc\u03b3\u03bf\u03c3@a.test": user.ID,
			"\u039b\u038c\u0393\u039f\u03a3@a.test": "", // the canonical form of capitals has a final sigma
			"\u03c4\u03ac\u03be\u03b9\u03c3@a.test": "usr_old",
			"\u03a4\u0386\u039e\u0399\u03a3@a.test": "",
			"\u03a6\u0386\u03a3\u0399\u03a3@a.test": "usr_older",
			"X\ufe0f@a.test":                        "usr_hidden", // no address of today's rules, and stored as it was
		} {
			r, err := s.FindRecord(t.Context(), account.Spell(typed))
			if r.ID != want || want != "" && err != nil || want == "" && !errors.Is(err, account.ErrUnknown) {
				t.Errorf("%+q is %q, %v, want %q", typed, r.ID, err, want)
			}
		}
	})
}

// earlier adds a user like release 0.1.
func earlier(t *testing.T, db *sqldb.DB, id, address string) {
	t.Helper()
	exec(t, db, `INSERT INTO users (id, email_address, first_name, last_name, display_name, disabled, password_hash, created_at)
VALUES ($1, $2, '', '', '', FALSE, '', 0)`, id, address)
}
