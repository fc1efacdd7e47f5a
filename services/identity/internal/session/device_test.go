package session_test

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
)

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
	if err := d.End(t.Context(), token, device.Device{}); err != nil {
		t.Fatal(err)
	}
	d.uses.old = true
	d.wantRequired(t, "an ended session", token)
	if n := len(d.uses.touched); n != 2 {
		t.Errorf("the use of an ended session was recorded: %d", n)
	}
}
