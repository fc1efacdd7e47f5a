package userfield_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/userfield"
)

func sent(value string) userfield.Field { return userfield.Field{Value: value, Sent: true} }

func TestWireContract8_EachInvalidFieldIsNamed(t *testing.T) {
	absent, unread := userfield.Field{}, userfield.Field{Sent: true, Fault: "cannot be read"}
	email, longest := sent("john@x"), strings.Repeat("p", 1024)
	for name, row := range map[string]struct {
		request userfield.Authentication
		want    []string
	}{
		"a password":             {userfield.Authentication{EmailAddress: email, Password: sent(longest)}, nil},
		"a client secret":        {userfield.Authentication{EmailAddress: sent(strings.Repeat("e", 320)), ClientSecret: sent("s")}, nil},
		"nothing":                {userfield.Authentication{}, []string{"emailAddress is required", "password is required, unless clientSecret is given", "clientSecret is required, unless password is given"}},
		"an empty password":      {userfield.Authentication{EmailAddress: email, Password: sent("")}, []string{"password is required"}},
		"an empty client secret": {userfield.Authentication{EmailAddress: email, ClientSecret: sent("")}, []string{"clientSecret is required"}},
		"both": {
			userfield.Authentication{EmailAddress: email, Password: sent(""), ClientSecret: sent("s")},
			[]string{"password cannot be given together with clientSecret", "clientSecret cannot be given together with password"},
		},
		"both, one unread": {
			userfield.Authentication{EmailAddress: email, Password: unread, ClientSecret: sent("s")},
			[]string{"password cannot be read", "clientSecret cannot be given together with password"},
		},
		"two unread": {
			userfield.Authentication{EmailAddress: unread, Password: unread}, []string{"emailAddress cannot be read", "password cannot be read"},
		},
		"too long": {
			userfield.Authentication{EmailAddress: sent(strings.Repeat("e", 321)), ClientSecret: sent(longest + "p")},
			[]string{"emailAddress is longer than 320 bytes", "clientSecret is longer than 1024 bytes"},
		},
		"a NUL": {
			userfield.Authentication{EmailAddress: sent("a\x00"), Password: sent("\x00")},
			[]string{"emailAddress has a NUL character", "password has a NUL character"},
		},
		"no e-mail address": {userfield.Authentication{EmailAddress: absent, Password: sent("p")}, []string{"emailAddress is required"}},
	} {
		if diff := cmp.Diff(row.want, row.request.Problems()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
