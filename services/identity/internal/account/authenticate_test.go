package account_test

import (
	"context"
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
)

// records is a store in a map.
type records map[account.Address]account.Record

func (p records) FindRecord(_ context.Context, address account.Spelling) (account.Record, error) {
	r, found := p[address.Canonical]
	if !found {
		return account.Record{}, account.ErrUnknown
	}
	return r, nil
}

func (p records) ReplacePasswordHash(context.Context, string, secret.String, secret.String) error {
	return nil
}

// plain uses a password as its own hash and counts the verifications.
type plain struct{ checks int }

func (p *plain) Verify(_ context.Context, stored, presented secret.String) (right, stale bool, err error) {
	p.checks++
	return stored.Equal(presented) && !stored.IsZero(), false, nil
}

func (p *plain) Hash(_ context.Context, clear secret.String) (secret.String, error) {
	return clear, nil
}

func example() records {
	user := func(id string, password string) account.Record {
		return account.Record{User: account.User{ID: id}, PasswordHash: secret.New(password)}
	}
	disabled := user("usr_gone", "right")
	disabled.Disabled = true
	return records{"john@a.test": user("usr_john", "right"), "gone@a.test": disabled, "sso@a.test": user("usr_sso", "")}
}

func TestTheRightPasswordSignsIn(t *testing.T) {
	passwords := &plain{}
	a := account.Authenticator{Records: example(), Passwords: passwords}
	for _, typed := range []string{"john@a.test", " John@A.test "} {
		if user, err := a.Authenticate(t.Context(), typed, secret.New("right")); err != nil || user.ID != "usr_john" {
			t.Errorf("%q: %q, %v", typed, user.ID, err)
		}
	}
}

func TestEveryFailureIsOneErrorAfterOneVerification(t *testing.T) {
	for name, try := range map[string]struct{ typed, password string }{
		"a wrong password":              {"john@a.test", "wrong"},
		"an empty password":             {"john@a.test", ""},
		"an unknown address":            {"nobody@a.test", "right"},
		"an unknown address, empty":     {"nobody@a.test", ""},
		"no address":                    {"john", "right"},
		"a disabled user":               {"gone@a.test", "right"},
		"a disabled user, wrong":        {"gone@a.test", "wrong"},
		"a user without a password":     {"sso@a.test", "right"},
		"a user without one, and empty": {"sso@a.test", ""},
	} {
		t.Run(name, func(t *testing.T) {
			passwords := &plain{}
			a := account.Authenticator{Records: example(), Passwords: passwords}
			user, err := a.Authenticate(t.Context(), try.typed, secret.New(try.password))
			if !errors.Is(err, account.ErrInvalidCredentials) || err.Error() != account.ErrInvalidCredentials.Error() || user.ID != "" {
				t.Errorf("Authenticate: %q, %v", user.ID, err)
			}
			if passwords.checks != 1 {
				t.Errorf("%d checks of a password, want 1", passwords.checks)
			}
		})
	}
}

var errDown = errors.New("down")

type down struct{}

func (down) FindRecord(context.Context, account.Spelling) (account.Record, error) {
	return account.Record{}, errDown
}

func (down) ReplacePasswordHash(context.Context, string, secret.String, secret.String) error {
	return errDown
}

func (down) Verify(context.Context, secret.String, secret.String) (right, stale bool, err error) {
	return false, false, errDown
}

func (down) Hash(context.Context, secret.String) (secret.String, error) {
	return secret.String{}, errDown
}

func TestAnOutageIsNotAWrongPassword(t *testing.T) {
	for _, a := range []account.Authenticator{{Records: down{}, Passwords: &plain{}}, {Records: example(), Passwords: down{}}} {
		_, err := a.Authenticate(t.Context(), "john@a.test", secret.New("right"))
		if !errors.Is(err, errDown) || errors.Is(err, account.ErrInvalidCredentials) {
			t.Errorf("Authenticate: %v", err)
		}
	}
}
