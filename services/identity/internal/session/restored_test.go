package session_test

import (
	"bytes"
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/device"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
)

func TestFault_E7_AnEndedSessionStaysEndedAfterARestore(t *testing.T) {
	d := open()
	signedOut, replaced, live := d.begin(t, "usr_john", secret.String{}), d.begin(t, "usr_john", secret.String{}), d.begin(t, "usr_john", secret.String{})
	snapshot := maps.Clone(d.entries.kept)
	if err := d.End(t.Context(), signedOut, device.Device{}); err != nil {
		t.Fatal(err)
	}
	next := d.begin(t, "usr_john", replaced)
	maps.Copy(d.entries.kept, snapshot) // like a failover to a replica that was behind
	d.wantRequired(t, "a session that was signed out", signedOut)
	d.wantRequired(t, "a session that a sign-in replaced", replaced)
	for name, token := range map[string]secret.String{"another browser": live, "the one that replaced it": next} {
		if _, err := d.Get(t.Context(), token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFault_E7_ASessionThatTheStoreLostIsStillEnded(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{})
	snapshot := maps.Clone(d.entries.kept)
	clear(d.entries.kept)
	if err := d.End(t.Context(), token, device.Device{}); err != nil {
		t.Fatal(err)
	}
	maps.Copy(d.entries.kept, snapshot)
	d.wantRequired(t, "a session that ended while the store had lost it", token)
}

func TestASessionOutlivesTheShortLivedStore(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{})
	want, err := d.Get(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	clear(d.entries.kept)
	if got, err := d.Get(t.Context(), token); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func TestUpgrade_ASessionThatRelease01BeganLivesOn(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{})
	for key, value := range d.entries.kept {
		d.entries.kept[key] = bytes.Replace(value, []byte(`,"recorded":true`), nil, 1)
	}
	clear(d.live)
	s, err := d.GetWithWorkspaces(t.Context(), token)
	if err != nil || s.User.ID != "usr_john" || len(s.Workspaces) != 1 || !s.ExpiresAt.Equal(d.now.Add(lifetime).Truncate(time.Microsecond)) {
		t.Errorf("a session of the previous release: %+v, %v", s, err)
	}
	if err := d.End(t.Context(), token, device.Device{}); err != nil {
		t.Fatal(err)
	}
	d.wantRequired(t, "after its end", token)
}

// TestUpgrade_ASessionOfRelease01EndsAsTheOthersDo: at its deadline, and when its user's sessions are ended.
func TestUpgrade_ASessionOfRelease01EndsAsTheOthersDo(t *testing.T) {
	for name, end := range map[string]func(d *bench){
		"its deadline":   func(d *bench) { d.now = d.now.Add(lifetime) },
		"another epoch":  func(d *bench) { d.users["usr_john"] = account.User{ID: "usr_john", SessionEpoch: 1} },
		"a deleted user": func(d *bench) { delete(d.users, "usr_john") },
	} {
		d := open()
		token := d.begin(t, "usr_john", secret.String{})
		for key, value := range d.entries.kept {
			d.entries.kept[key] = bytes.Replace(value, []byte(`,"recorded":true`), nil, 1)
		}
		clear(d.live)
		end(d)
		d.wantRequired(t, name, token)
	}
}
