package rpc_test

import (
	"fmt"
	"strings"
	"testing"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
)

const next = "a password of eight words that nobody else has"

func (d *bench) change(t *testing.T, req *identityv1.ChangePasswordRequest) (*identityv1.ChangePasswordResponse, error) {
	t.Helper()
	if req.GetOldPassword() == "" {
		req.OldPassword = right
	}
	if req.GetNewPassword() == "" {
		req.NewPassword = next
	}
	return d.ChangePassword(t.Context(), req)
}

// events returns the kinds of John's events, the newest first.
func (d *bench) events(t *testing.T, token string) []*identityv1.AccountEvent {
	t.Helper()
	d.failures.Flush(t.Context())
	res, err := d.ListAccountEvents(t.Context(), &identityv1.ListAccountEventsRequest{SessionToken: token})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetEvents()
}

func TestANewPasswordReplacesTheSession(t *testing.T) {
	for _, endOthers := range []bool{true, false} {
		d := open(t)
		here, there := d.signIn(t, ""), d.signIn(t, "")
		res, err := d.change(t, &identityv1.ChangePasswordRequest{SessionToken: here, EndOtherSessions: endOthers, ValidateOnly: true})
		if err != nil || res.GetSessionToken() != "" || res.GetSession().GetUserId() != "usr_john" {
			t.Fatalf("a validation: %v, %v", res, err)
		}
		res, err = d.change(t, &identityv1.ChangePasswordRequest{SessionToken: here, EndOtherSessions: endOthers, UserAgent: "Firefox"})
		if err != nil || res.GetFault() != 0 {
			t.Fatalf("%v, %v", res.GetFault(), err)
		}
		_, err = d.get(t, here)
		wantReason(t, "the value before", err, errorv1.Reason_REASON_SESSION_REQUIRED)
		if _, err := d.get(t, res.GetSessionToken()); err != nil {
			t.Errorf("the new value: %v", err)
		}
		if _, err := d.get(t, there); (err != nil) != endOthers {
			t.Errorf("another browser, with end_other_sessions %v: %v", endOthers, err)
		}
		for password, want := range map[string]errorv1.Reason{
			right: errorv1.Reason_REASON_INVALID_CREDENTIALS, next: errorv1.Reason_REASON_UNSPECIFIED,
		} {
			_, err := d.VerifyPassword(t.Context(), &identityv1.VerifyPasswordRequest{EmailAddress: address, Password: password})
			wantReason(t, password, err, want)
		}
		_, err = d.change(t, &identityv1.ChangePasswordRequest{SessionToken: here})
		wantReason(t, "a second click", err, errorv1.Reason_REASON_SESSION_REQUIRED)
		if newest := d.events(t, res.GetSessionToken())[0]; newest.GetKind() != identityv1.AccountEventKind_ACCOUNT_EVENT_KIND_PASSWORD_CHANGED {
			// A failed sign-in of this hour is dated to its start.
			t.Errorf("the newest event is %v", newest)
		}
	}
}

func TestANewPasswordThatIsNotAllowedSpendsNoAttempt(t *testing.T) {
	d := open(t)
	here := d.signIn(t, "")
	before := d.passwords.n.Load()
	for password, want := range map[string]identityv1.PasswordFault{
		"eleven char":                      identityv1.PasswordFault_PASSWORD_FAULT_SHORT,
		"e\u0301" + "leven cha" + "\u0301": identityv1.PasswordFault_PASSWORD_FAULT_SHORT, // 11 characters in 13 code points
		strings.Repeat("x", 1025):          identityv1.PasswordFault_PASSWORD_FAULT_LONG,
		"a bell \a and eight more":         identityv1.PasswordFault_PASSWORD_FAULT_CHARACTERS,
		right:                              identityv1.PasswordFault_PASSWORD_FAULT_UNCHANGED,
		address:                            identityv1.PasswordFault_PASSWORD_FAULT_EMAIL_ADDRESS,
		" John.Doe@GMAIL.com":              identityv1.PasswordFault_PASSWORD_FAULT_EMAIL_ADDRESS,
	} {
		res, err := d.change(t, &identityv1.ChangePasswordRequest{SessionToken: here, NewPassword: password})
		if err != nil || res.GetFault() != want || res.GetSessionToken() != "" {
			t.Errorf("%.30q: %v, %v, want %v", password, res.GetFault(), err, want)
		}
	}
	if n := d.passwords.n.Load(); n != before {
		t.Errorf("%d passwords were verified", n-before)
	}
	for _, password := range []string{"twelve chars", "žluťoučký kůň", strings.Repeat("x", 1024), "密码密码密码密码密码密码"} {
		if res, err := d.change(t, &identityv1.ChangePasswordRequest{SessionToken: here, NewPassword: password, ValidateOnly: true}); err != nil || res.GetFault() != 0 {
			t.Errorf("%.30q: %v, %v", password, res.GetFault(), err)
		}
	}
}

// TestAWrongOldPasswordIsAFailedSignIn: the budget is the one of sign-in, so that a session that
// somebody else uses gives no further guesses.
func TestAWrongOldPasswordIsAFailedSignIn(t *testing.T) {
	d := open(t)
	here := d.signIn(t, "")
	for range perAccount / 2 {
		_, err := d.change(t, &identityv1.ChangePasswordRequest{SessionToken: here, OldPassword: "wrong"})
		wantReason(t, "a wrong password", err, errorv1.Reason_REASON_INVALID_CREDENTIALS)
		_, err = d.AuthenticateUser(t.Context(), &identityv1.AuthenticateUserRequest{EmailAddress: address, Password: "wrong"})
		wantReason(t, "a wrong password", err, errorv1.Reason_REASON_INVALID_CREDENTIALS)
	}
	for _, validate := range []bool{true, false} {
		_, err := d.change(t, &identityv1.ChangePasswordRequest{SessionToken: here, ValidateOnly: validate})
		wantReason(t, "the right one, too late", err, errorv1.Reason_REASON_RATE_LIMITED)
	}
	if _, err := d.get(t, here); err != nil {
		t.Errorf("the session ended: %v", err)
	}
	var failures int64
	for _, e := range d.events(t, here) {
		if e.GetKind() == identityv1.AccountEventKind_ACCOUNT_EVENT_KIND_SIGN_IN_FAILED {
			failures += e.GetCount()
		}
	}
	if failures != perAccount {
		t.Errorf("%d failures are listed, want %d", failures, perAccount)
	}
}

// TestAWrongOldPasswordCountsForItsSource, as a failed sign-in from there does.
func TestAWrongOldPasswordCountsForItsSource(t *testing.T) {
	const source = "192.0.2.1"
	d := open(t)
	here := d.signIn(t, "")
	for i := range perSource - 1 {
		wantReason(t, "a wrong password", d.passwordFrom(source)(t.Context(), fmt.Sprintf("user%d@a.test", i), "wrong"), errorv1.Reason_REASON_INVALID_CREDENTIALS)
	}
	_, err := d.change(t, &identityv1.ChangePasswordRequest{SessionToken: here, OldPassword: "wrong", SourceAddress: source})
	wantReason(t, "a wrong old password", err, errorv1.Reason_REASON_INVALID_CREDENTIALS)
	wantReason(t, "one more from the source", d.passwordFrom(source)(t.Context(), "last@a.test", "wrong"), errorv1.Reason_REASON_RATE_LIMITED)
	if _, err := d.change(t, &identityv1.ChangePasswordRequest{SessionToken: here, SourceAddress: "192.0.2.2"}); err != nil {
		t.Errorf("from another source: %v", err)
	}
}

func TestAProfileIsChangedByItsUser(t *testing.T) {
	d := open(t)
	here := d.signIn(t, "")
	want := &identityv1.Profile{FirstName: " Jón ", LastName: "Doe", DisplayName: "Jón", Language: "DE-at", TimeZone: "Europe/Vienna"}
	if _, err := d.UpdateProfile(t.Context(), &identityv1.UpdateProfileRequest{SessionToken: here, Profile: want}); err != nil {
		t.Fatal(err)
	}
	res, err := d.GetProfile(t.Context(), &identityv1.GetProfileRequest{SessionToken: here})
	if p := res.GetProfile(); err != nil || p.GetFirstName() != "Jón" || p.GetLanguage() != "de-AT" || p.GetTimeZone() != "Europe/Vienna" {
		t.Errorf("%v, %v", p, err)
	}
	if s, err := d.get(t, here); err != nil || s.GetDisplayName() != "Jón" || s.GetLanguage() != "de-AT" || s.GetTimeZone() != "Europe/Vienna" {
		t.Errorf("the session is %v, %v", s, err)
	}
	for name, bad := range map[string]func(*identityv1.Profile){
		"no name":         func(p *identityv1.Profile) { p.FirstName = " " },
		"a bidi override": func(p *identityv1.Profile) { p.DisplayName = "a\u202eb" },
		"a long name":     func(p *identityv1.Profile) { p.LastName = strings.Repeat("x", 101) },
		"no language":     func(p *identityv1.Profile) { p.Language = "<script>" },
		"the server's":    func(p *identityv1.Profile) { p.TimeZone = "Local" },
		"a file":          func(p *identityv1.Profile) { p.TimeZone = "../../etc/passwd" },
		"no zone":         func(p *identityv1.Profile) { p.TimeZone = "Europe/Nowhere" },
	} {
		p := &identityv1.Profile{FirstName: "a", LastName: "b", DisplayName: "c"}
		bad(p)
		_, err := d.UpdateProfile(t.Context(), &identityv1.UpdateProfileRequest{SessionToken: here, Profile: p})
		wantReason(t, name, err, errorv1.Reason_REASON_INVALID_REQUEST)
	}
	for name, call := range map[string]func() error{
		"GetProfile":    func() error { _, err := d.GetProfile(t.Context(), &identityv1.GetProfileRequest{}); return err },
		"UpdateProfile": func() error { _, err := d.UpdateProfile(t.Context(), &identityv1.UpdateProfileRequest{}); return err },
		"ListAccountEvents": func() error {
			_, err := d.ListAccountEvents(t.Context(), &identityv1.ListAccountEventsRequest{})
			return err
		},
		"ChangePassword": func() error { _, err := d.change(t, &identityv1.ChangePasswordRequest{}); return err },
	} {
		wantReason(t, name, call(), errorv1.Reason_REASON_SESSION_REQUIRED)
	}
	for _, token := range []string{"x", "W10", "WyJhIiwiYiJd", "WyIxIiwiYiJd"} {
		_, err := d.ListAccountEvents(t.Context(), &identityv1.ListAccountEventsRequest{SessionToken: here, PageToken: token})
		wantReason(t, token, err, errorv1.Reason_REASON_INVALID_REQUEST)
	}
}
