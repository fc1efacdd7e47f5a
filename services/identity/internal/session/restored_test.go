package session_test

import (
	"bytes"
	"maps"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
)

func TestFault_E7_AnEndedSessionStaysEndedAfterARestore(t *testing.T) {
	d := open()
	signedOut, replaced, live := d.begin(t, "usr_john", secret.String{}), d.begin(t, "usr_john", secret.String{}), d.begin(t, "usr_john", secret.String{})
	snapshot := maps.Clone(d.entries.kept)
	if err := d.End(t.Context(), signedOut); err != nil {
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
	if err := d.End(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	maps.Copy(d.entries.kept, snapshot)
	d.wantRequired(t, "a session that ended while the store had lost it", token)
}

func TestUpgrade_ASessionThatRelease01BeganLivesOn(t *testing.T) {
	d := open()
	token := d.begin(t, "usr_john", secret.String{})
	for key, value := range d.entries.kept {
		d.entries.kept[key] = bytes.Replace(value, []byte(`,"recorded":true`), nil, 1)
	}
	clear(d.live)
	if _, err := d.Get(t.Context(), token); err != nil {
		t.Errorf("a session of the previous release: %v", err)
	}
	if err := d.End(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	d.wantRequired(t, "after its end", token)
}
