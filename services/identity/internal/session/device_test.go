package session_test

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/session"
)

func TestADeviceKeepsAPartOfTheAddress(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.77": "203.0.113.*", "::ffff:203.0.113.77": "203.0.113.*", "2001:db8:1:2:3:4:5:6": "2001:db8:1:*", "fe80::1": "fe80:0:0:*",
		"": "", "unknown": "", "203.0.113.77:80": "",
	} {
		if got := session.NewDevice("", address).Network; got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
	}
}

func TestADeviceKeepsPrintableText(t *testing.T) {
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11)":            "Mozilla/5.0 (X11)",
		" a\x00b\r\nc\u202ed\xff ":     "abcd",
		strings.Repeat("é", 300):       strings.Repeat("é", 128),
		"x" + strings.Repeat("é", 300): "x" + strings.Repeat("é", 127),
	} {
		if got := session.NewDevice(header, "").UserAgent; got != want {
			t.Errorf("%.20q is %q, want %q", header, got, want)
		}
	}
}

func TestALastUseIsRecordedWhenItIsOld(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{})
	for _, step := range []struct {
		old     bool
		fail    error
		touches int
	}{{false, nil, 0}, {true, nil, 1}, {true, errDown, 2}, {false, nil, 2}} {
		d.uses.old, d.uses.fail = step.old, step.fail
		if _, err := d.Get(t.Context(), token); err != nil {
			t.Errorf("%+v: the session is refused: %v", step, err)
		}
		if n := len(d.uses.touched); n != step.touches {
			t.Errorf("%+v: the last use was recorded %d times", step, n)
		}
	}
	if d.uses.touched[0] != secret.Sum(token.Reveal()) {
		t.Error("the use of another session was recorded")
	}
	if err := d.End(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	d.uses.old = true
	d.wantRequired(t, "an ended session", token)
	if n := len(d.uses.touched); n != 2 {
		t.Errorf("the use of an ended session was recorded: %d", n)
	}
}
